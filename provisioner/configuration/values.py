"""Turns what is written for a setting into a value of its kind: truths, numbers, lists, and paths made absolute."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from provisioner.configuration.table import Definition
from provisioner.diagnostics.home import expanded
from provisioner.records import dataclass
from provisioner.remote.params import boolean

PATHS = frozenset({"path", "tmppath", "tmp"})
SEPARATORS = {"pathspec": ":", "pathlist": ","}
LISTS = frozenset({"list", *SEPARATORS})
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_HERE = re.compile(r"\{\{\s*CWD\s*\}\}")
_QUOTES = "'\""


class Wrong(ValueError):
    """The text is no value of the kind; says what it must be."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a value is seen from: the folder relative paths begin at, the working folder, and the environment.

    ``quoted``: the text is from a file, where quotes may stand around it.
    """

    folder: Path
    here: Path
    environ: Mapping[str, str]
    quoted: bool = False


def read_value(definition: Definition, written: object, ground: Ground) -> object:
    """Return the value; Wrong where the text is none of the setting's kind."""
    if ground.quoted and isinstance(written, str) and definition.kind not in LISTS:
        written = unquoted(written)
    value = _of_kind(definition.kind, written, ground)
    if definition.choices and value is not None:
        for each in value if isinstance(value, tuple) else (value,):
            if str(each) not in definition.choices:
                raise Wrong(f"one of {', '.join(definition.choices)}")
    return value


def _of_kind(kind: str, written: object, ground: Ground) -> object:
    if written is None:
        return None
    if kind == "bool":
        return _truth(written)
    if kind in ("int", "float"):
        return _number(kind, written)
    if kind == "list":
        return tuple(_words(written))
    if kind in PATHS:
        return _path(str(written), ground) if str(written).strip() else None
    if kind in SEPARATORS:
        return _paths(written, SEPARATORS[kind], ground)
    if kind in {"str", "one"}:
        return str(written)
    return written


def _truth(written: object) -> bool:
    if written == "":
        return False
    try:
        return boolean(written)
    except ValueError:
        raise Wrong("yes or no") from None


def _number(kind: str, written: object) -> float | int | None:
    if isinstance(written, bool):
        raise Wrong("a number")
    text = str(written).strip()
    if not text:
        return None
    try:
        if kind == "float":
            return float(text)
        whole = float(text)
        if whole.is_integer():
            return int(whole)
    except (ValueError, OverflowError):
        pass
    raise Wrong("a number" if kind == "float" else "a whole number") from None


def _words(written: object) -> list[object]:
    if isinstance(written, str):
        return [unquoted(word.strip()) for word in written.split(",") if word.strip()]
    return list(written) if isinstance(written, (list, tuple)) else [written]


def _paths(written: object, separator: str, ground: Ground) -> tuple[str, ...]:
    words = written.split(separator) if isinstance(written, str) else _words(written)
    return tuple(_path(str(word).strip(), ground) for word in words if str(word).strip())


def _path(text: str, ground: Ground) -> str:
    """Return an absolute path: ``~``, ``$VARIABLES`` and ``{{CWD}}`` replaced, relative ones seen from the folder."""
    text = _HERE.sub(lambda _: str(ground.here), text)
    text = _VARIABLE.sub(lambda match: ground.environ.get(match[1] or match[2], match[0]), text)
    home = ground.environ.get("HOME")
    if home and (text == "~" or text.startswith("~/")):
        text = home + text[1:]
    return os.path.normpath(ground.folder / expanded(text))


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    paired = len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES and text[-2] != "\\"
    return text[1:-1] if paired else text
