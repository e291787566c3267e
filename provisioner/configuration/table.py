"""The table of settings: ``settings.txt`` beside this file, and the options that plugins document themselves.

A setting's kind says how its text is read; see ``values.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from provisioner.records import dataclass

SOURCE = Path(__file__).with_name("settings.txt")
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Definition:
    """One setting: its name, kind and default as written, and the places where it can be set.

    Of two places of one sort the later counts. ``has_effect`` is False for what is accepted and means nothing here.
    """

    name: str
    kind: str
    default: object = None
    ini: tuple[tuple[str, str], ...] = ()
    env: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    about: str = ""
    has_effect: bool = True
    choices: tuple[str, ...] = ()

    @property
    def plugin(self) -> tuple[str, str]:
        """The kind and name of the plugin it is an option of, both empty for a setting of the program."""
        kind, _, rest = self.name.rpartition("/")[0].partition("/")
        return kind, rest

    @property
    def option(self) -> str:
        """The name without that of the plugin."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Table:
    """All settings by name, and the names by the places where they can be set."""

    settings: Mapping[str, Definition]
    by_ini: Mapping[tuple[str, str], tuple[str, ...]]
    by_env: Mapping[str, tuple[str, ...]]


@cache
def table() -> Table:
    """Return the table."""
    settings = {each.name: each for each in _paragraphs(SOURCE.read_text(encoding="utf-8"))}
    by_ini: dict[tuple[str, str], tuple[str, ...]] = {}
    by_env: dict[str, tuple[str, ...]] = {}
    for name, each in settings.items():
        for place in each.ini:
            by_ini[place] = (*by_ini.get(place, ()), name)
        for variable in each.env:
            by_env[variable] = (*by_env.get(variable, ()), name)
    return Table(settings, by_ini, by_env)


def _paragraphs(text: str) -> Iterator[Definition]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for head, places, last in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, kind, _, default = f"{head} ".split(" ", 3)
        kind, _, choices = kind.partition(":")
        words = places.split()
        about = last.strip()
        yield Definition(
            name,
            kind,
            None if default.strip() == NOTHING else default.strip(),
            tuple(_place(word) for word in words if word[0] not in "$@-"),
            tuple(word[1:] for word in words if word[0] == "$"),
            tuple(word[1:] for word in words if word[0] == "@"),
            about.lstrip("!"),
            not about.startswith("!"),
            tuple(choices.split("/")) if choices else (),
        )


def _place(word: str) -> tuple[str, str]:
    section, _, key = word.rpartition(".")
    return section, key


_KINDS = {"boolean": "bool", "integer": "int", "string": "str", "none": "str", "dictionary": "dict"}


def documented(kind: str, plugin: str, options: Mapping[str, object]) -> dict[str, Definition]:
    """Return the options a plugin's own documentation declares, by option; what is written badly is left out."""
    found = {}
    for option, written in options.items():
        if isinstance(written, Mapping):
            said = str(written.get("type") or "str").lower()
            choices = written.get("choices") or ()
            found[str(option)] = Definition(
                f"{kind}/{plugin}/{option}",
                _KINDS.get(said, said),
                written.get("default"),
                tuple((str(i["section"]), str(i["key"])) for i in _entries(written, "ini", "section", "key")),
                tuple(str(e["name"]) for e in _entries(written, "env", "name")),
                tuple(str(e["name"]) for e in _entries(written, "vars", "name")),
                _text(written.get("description")),
                choices=tuple(map(str, choices)) if isinstance(choices, (list, tuple, dict)) else (),
            )
    return found


def _entries(written: Mapping[object, object], key: str, *needed: str) -> list[Mapping[str, object]]:
    entries = written.get(key)
    listed = entries if isinstance(entries, list) else []
    return [each for each in listed if isinstance(each, Mapping) and all(name in each for name in needed)]


def _text(written: object) -> str:
    return " ".join(map(str, written)) if isinstance(written, list) else str(written or "")
