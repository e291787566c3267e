"""What a probe said, cut into its sections, and what a scope's reader makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from provisioner.discovery.snapshot import Item, Json
from provisioner.records import dataclass

SECRET = re.compile(
    r"""(?ix)
    (?: (?P<url>[a-z][a-z0-9+.-]*://[^\s:/@]*:) [^\s@/]+ (?P<host>@)
      | (?P<name>(?<![\w.-])(?!(?:no)?passwd\s*:)["']?[\w.-]*
           (?:passw(?:or)?d|passwd|secret|token|api_?key|access_?key|credential)[\w.-]*["']?\s*[=:]\s*)
        (?: "[^"]*" | '[^']*' | [^\s;|&]+ )
      | (?P<option>(?:^|\s)-{1,2}(?:pass(?:word)?|token|secret|auth|apikey|api-key)(?:\s+|=))
        (?: "[^"]*" | '[^']*' | [^\s;|&]+ )
      | (?P<user>(?:^|\s)(?:-u|--user)(?:\s+|=)["']?[^\s:'"]+:) [^\s'"]+
      | (?P<short>\b(?:mysql\w*|mariadb[\w-]*|redis-cli|sshpass|smbclient)\b[^|;&]*?\s-[pa]\s?) (?!\s|-) \S+
      | (?P<header>(?:authorization|x-auth[\w-]*|x-api[\w-]*)\s*:\s*(?:\w+\s+)?) [^\s'"]+
    )""",
)
MASK = "********"


def masked(text: str) -> str:
    """Return a line without what looks like a secret in it."""
    return SECRET.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    kept = next(value for name, value in match.groupdict().items() if name != "host" and value is not None)
    return f"{kept}{MASK}{match.group('host') or ''}"


def printable(text: str) -> str:
    """Return text that can be written as UTF-8: bytes of another encoding are shown as escapes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Sections:
    """The output of one probe by the names of its sections."""

    texts: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.texts

    def text(self, name: str) -> str:
        """Return a section's text without the white space around it."""
        return self.texts.get(name, "").strip()

    def lines(self, name: str) -> Iterator[str]:
        """Yield the lines that are not empty."""
        return (line for line in self.texts.get(name, "").split("\n") if line.strip())

    def rows(self, name: str, count: int, separator: str = "\t") -> Iterator[list[str]]:
        """Yield lines of ``count`` fields; the last takes the rest. Other lines are passed over."""
        for line in self.lines(name):
            fields = line.split(separator, count - 1)
            if len(fields) == count:
                yield fields

    def pairs(self, name: str, separator: str = "=") -> dict[str, str]:
        """Return lines of the form name, separator, value."""
        found = (line.partition(separator) for line in self.lines(name))
        return {key.strip(): value.strip() for key, sign, value in found if sign}

    def blocks(self, name: str) -> Iterator[dict[str, str]]:
        """Yield groups of ``name=value`` lines between empty lines."""
        for block in re.split(r"\n\s*\n", self.texts.get(name, "")):
            pairs = (line.partition("=") for line in block.splitlines())
            if found := {key: value for key, sign, value in pairs if sign}:
                yield found


@dataclass(slots=True)
class Finding:
    """What a scope's reader found. ``partly`` says what could not be seen, ``nothing`` why nothing could."""

    items: dict[str, Item] = field(default_factory=dict)
    measured: dict[str, Json] = field(default_factory=dict)
    partly: list[str] = field(default_factory=list)
    nothing: str = ""


def number(text: str) -> int:
    """Return the integer a text begins with, 0 where it begins with none."""
    found = re.match(r"\s*(-?\d+)", text)
    return int(found.group(1)) if found else 0


def texts(values: object) -> list[Json]:
    """Return a sorted list of the texts in ``values``, each once."""
    return [*sorted({str(value) for value in values})] if isinstance(values, (list, tuple, set, dict)) else []
