"""What a module that is not ours says of itself: its DOCUMENTATION, EXAMPLES and RETURN, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.position import Source
from provisioner.records import dataclass
from provisioner.syntax import yaml

NAMES = ("DOCUMENTATION", "EXAMPLES", "RETURN")
BESIDE = (".yml", ".yaml")
LISTED = ("options", "attributes")
"""Parts of a fragment that add to those of the module."""

FindFragment = Callable[[str], str | None]
"""Tells in which file a fragment of that name lies."""


@dataclass(frozen=True, slots=True)
class Document:
    """A module's documentation as data: what it says of itself, of its return values, and examples as text."""

    about: Mapping[str, object]
    returns: Mapping[str, object] = field(default_factory=dict)
    examples: str = ""


def document(path: str, find_fragment: FindFragment) -> Document | None:
    """Return the documentation of the module in a file, its fragments joined in; None where it has none.

    InputError where it cannot be read.
    """
    told = _told(Path(path))
    if "DOCUMENTATION" not in told:
        return None
    about = dict(_mapping(told["DOCUMENTATION"]))
    for name in _fragments(about):
        place = find_fragment(name.rsplit(".", 1)[0] if name.count(".") in (1, 3) else name)
        part = _fragment(place, name) if place else {}
        _join(about, part)
    return Document(about, _mapping(told.get("RETURN")), str(told.get("EXAMPLES") or "").strip("\n"))


def _told(path: Path) -> dict[str, object]:
    """Return what the file says, or the YAML file beside it, where modules in other languages have it."""
    for ending in BESIDE:
        beside = path.with_suffix(ending)
        if beside.is_file():
            loaded = _mapping(_loaded(beside.read_text("utf-8"), str(beside)))
            return {name: loaded[name] for name in NAMES if loaded.get(name)}
    if path.suffix != ".py":
        return {}
    texts = dict(_texts(ast.parse(path.read_text("utf-8")).body))
    told: dict[str, object] = {name: _loaded(texts[name], f"{path} {name}") for name in NAMES[::2] if texts.get(name)}
    return {**told, "EXAMPLES": texts.get("EXAMPLES", "")}


def _texts(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield the texts that are given names at the top of a file or a class."""
    for node in body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
            continue
        if isinstance(node.value.value, str):
            yield from ((name.id, node.value.value) for name in node.targets if isinstance(name, ast.Name))


def _loaded(text: str, name: str) -> object:
    return yaml.load(Source(name, text))


def _fragments(about: Mapping[str, object]) -> list[str]:
    named = about.get("extends_documentation_fragment") or []
    return [str(each) for each in named] if isinstance(named, list) else [str(named)]


def _fragment(place: str, name: str) -> Mapping[str, object]:
    """Return a fragment: the text of its file's class that is named behind a dot, else the class's main one."""
    attribute = name.rsplit(".", 1)[1].upper() if name.count(".") in (1, 3) else "DOCUMENTATION"
    for node in ast.parse(Path(place).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "ModuleDocFragment":
            return _mapping(_loaded(dict(_texts(node.body)).get(attribute, ""), f"{place} {attribute}"))
    return {}


def _join(about: dict[str, object], part: Mapping[str, object]) -> None:
    for key in LISTED:
        if part.get(key):
            about[key] = {**_mapping(part[key]), **_mapping(about.get(key))}
    for key in ("notes", "requirements", "seealso"):
        more, own = part.get(key), about.get(key)
        if isinstance(more, list):
            about[key] = [*(own if isinstance(own, list) else []), *more]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
