"""Which of ansible-core's integration targets speak of which module: read from their task files, each time anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node

from tests.compat.targets.expectations import ELSEWHERE, PASS, Expectation
from tests.compat.targets.suite import Target

KEYWORDS = frozenset(["block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"])
_SHORT = re.compile(r"^(?:ansible\.(?:builtin|legacy)\.)?([a-z_][a-z0-9_]*)$")
_ADHOC = re.compile(r"(?:-m|--module-name)[ =](?:ansible\.builtin\.)?([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Coverage:
    """The targets that call one module: those that pass, and those that neither pass nor fail with ansible-core too."""

    passed: tuple[str, ...]
    differing: tuple[str, ...]
    elsewhere: tuple[str, ...]


class _Lenient(SafeConstructor):
    """Reads what is tagged (``!vault``, ``!unsafe``) as nothing: only the names of modules matter."""


def _nothing(constructor: SafeConstructor, node: Node) -> None:
    """Read a value as nothing."""
    del constructor, node


_Lenient.add_constructor(None, _nothing)


def covered(
    targets: Iterable[Target], known: Mapping[str, Expectation], passed: Mapping[str, bool], modules: frozenset[str]
) -> dict[str, Coverage]:
    """Return by module what its targets did; ``passed`` are results of a run, before which the list counts."""
    found: dict[str, dict[str, list[str]]] = {}
    for target in targets:
        expected = known.get(target.name)
        if expected is None:
            continue
        state = PASS if passed.get(target.name, expected.state == PASS) else expected.state
        for module in called(target.folder, modules):
            found.setdefault(module, {}).setdefault(state, []).append(target.name)
    return {
        module: Coverage(*(tuple(states.get(state, ())) for state in (PASS, "differs", ELSEWHERE)))
        for module, states in found.items()
    }


def called(folder: Path, modules: frozenset[str]) -> frozenset[str]:
    """Return which of ``modules`` the YAML files and scripts below a folder call."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.suffix in {".yml", ".yaml"} and path.is_file():
            found.update(_called(path, modules))
        elif path.suffix == ".sh" and path.is_file():
            found.update(name for name in _ADHOC.findall(path.read_text("utf-8", "replace")) if name in modules)
    return frozenset(found)


def _called(path: Path, modules: frozenset[str]) -> Iterator[str]:
    reader = YAML(typ="safe")
    reader.Constructor = _Lenient
    try:
        documents = list(reader.load_all(path.read_text("utf-8")))
    except (YAMLError, ValueError, UnicodeDecodeError):
        return  # files that are wrong on purpose
    for document in documents:
        yield from _in_list(document, modules)


def _in_list(value: Any, modules: frozenset[str]) -> Iterator[str]:
    for each in value if isinstance(value, list) else ():
        if not isinstance(each, Mapping):
            continue
        for key, inner in each.items():
            if key in KEYWORDS:
                yield from _in_list(inner, modules)
            elif key in {"action", "local_action"}:
                yield from _in_action(inner, modules)
            elif (match := _SHORT.match(str(key))) and match[1] in modules:
                yield match[1]


def _in_action(value: Any, modules: frozenset[str]) -> Iterator[str]:
    word = value.get("module", "") if isinstance(value, Mapping) else str(value).partition(" ")[0]
    if (match := _SHORT.match(str(word))) and match[1] in modules:
        yield match[1]
