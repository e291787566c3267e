"""Colours for terminals: a handful of named styles, or none at all."""

from __future__ import annotations

from provisioner.model.status import Status

_CODES = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "purple": "35",
    "cyan": "36",
    "grey": "90",
    "bold": "1",
    "bold red": "1;31",
}

STATUS_COLOURS = {
    Status.OK: "green",
    Status.CHANGED: "yellow",
    Status.SKIPPED: "cyan",
    Status.FAILED: "bold red",
    Status.IGNORED: "blue",
    Status.UNREACHABLE: "bold red",
    Status.LOST: "bold red",
}


class Paint:
    """Colours text, or hands it back as it is."""

    def __init__(self, *, is_coloured: bool) -> None:
        self._is_coloured = is_coloured

    def __call__(self, text: str, colour: str) -> str:
        """Return ``text`` in ``colour``."""
        if not self._is_coloured or not colour:
            return text
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"

    def status(self, text: str, status: Status) -> str:
        """Return ``text`` in the colour that ``status`` has everywhere."""
        return self(text, STATUS_COLOURS.get(status, ""))
