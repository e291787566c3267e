"""Where lines go that look like Ansible's: results on standard output, warnings and errors on standard error.

Banners are filled with stars to the width of the screen, warnings are broken at it, and one warning is told once.
"""

from __future__ import annotations

import re
import sys
import textwrap
import unicodedata
from typing import TextIO

from provisioner.reporting.paint import Paint
from provisioner.reporting.renderer import Settings

FEWEST_STARS = 3

_COLOURS = re.compile("\x1b\\[[0-9;]*m")


def columns(text: str) -> int:
    """Return how many columns a text takes: wide characters two, marks on others none."""
    found = 0
    for each in text:
        if unicodedata.combining(each) or unicodedata.category(each) == "Cf":
            continue
        found += 2 if unicodedata.east_asian_width(each) in {"W", "F"} else 1
    return found


def wrapped(text: str, width: int) -> str:
    """Return ``text`` broken into lines of at most ``width``, words whole, without a newline at the end."""
    return "\n".join(textwrap.wrap(text, width, drop_whitespace=True)) if text.strip() else text


class Screen:
    """Writes lines as they come, coloured where colours are wanted."""

    def __init__(self, settings: Settings) -> None:
        self._out = settings.stream or sys.stdout
        self._err = settings.errors or settings.stream or sys.stderr
        self._log = settings.log
        self._width = settings.width
        self._verbosity, self._log_verbosity = settings.verbosity, settings.log_verbosity
        self._told: set[str] = set()
        self.paint = Paint(is_coloured=settings.is_coloured)

    def say(self, text: str, colour: str = "", *, is_error: bool = False, level: str = "INFO") -> None:
        """Write a line."""
        self._write(self._err if is_error else self._out, self.paint(text, colour), level)

    def banner(self, text: str) -> None:
        """Write an empty line and a headline, filled with stars."""
        stars = "*" * max(FEWEST_STARS, self._width - columns(text))
        self.say(f"\n{text} {stars}")

    def warn(self, text: str, kind: str = "WARNING", colour: str = "purple") -> None:
        """Write a warning, once."""
        if text in self._told:
            return
        self._told.add(text)
        self.say(wrapped(f"[{kind}]: {text}", self._width), colour, is_error=True, level="WARNING")

    def deprecate(self, text: str) -> None:
        """Write a deprecation, once."""
        self.warn(text, "DEPRECATION WARNING", "purple")

    def trace(self, text: str, level: int) -> None:
        """Write what only a verbosity of ``level`` asks for, that of the screen or of the log."""
        if self._verbosity >= level:
            self.say(text, "blue")
        elif self._log is not None and self._log_verbosity >= level:
            self._log("INFO", text)

    def remark(self, severity: str, text: str) -> None:
        """Write a remark of a run where it belongs."""
        if severity == "deprecation":
            self.deprecate(text)
        elif severity == "job":
            self.say(text, "cyan")
        elif severity == "trace":
            self.say(text, "blue")
        elif severity == "pause":
            self.say(text)
        elif severity == "note":
            self.say(f"\t{text}")
        elif severity == "error":
            self.say(f"ERROR! {text}", "red", is_error=True, level="ERROR")
        else:
            self.warn(text, severity.upper())

    def _write(self, stream: TextIO, text: str, level: str) -> None:
        stream.write(text + "\n")
        stream.flush()
        if self._log is not None and text.strip():
            self._log(level, _COLOURS.sub("", text).lstrip("\n"))
