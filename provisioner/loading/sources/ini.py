"""Inventories in INI form: ``[group]``, ``[group:children]``, ``[group:vars]``, a host a line."""

from __future__ import annotations

import ast
import os
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, Source, Text
from provisioner.loading.draft import UNGROUPED, Draft
from provisioner.loading.files import read_source
from provisioner.loading.source_reading import NotMine, SourceReading
from provisioner.records import dataclass
from provisioner.syntax import yaml

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?")
_KINDS = ("hosts", "children", "vars")
_OTHERS = (".yml", ".yaml", ".json", ".toml", ".config")
_PLAIN_TEXT = re.compile(r"[A-Za-z/.~][\w./~@:-]*")
_LITERALS = frozenset({"True", "False", "None"})
_NUMBER = re.compile(r"0|[1-9][0-9]*")


def accepts(path: str, _reading: SourceReading) -> bool:
    """Tell whether it is a file; only reading tells more."""
    return Path(path).is_file() or path == os.devnull


def read(path: str, reading: SourceReading) -> None:
    """Add the hosts and groups of a file; mistakes in what is hardly INI only count where nobody can read it."""
    source = yaml.decrypted(read_source(path), reading.settings.vault)
    if Path(path).suffix not in _OTHERS and not source.text.startswith("#!"):
        read_ini(source, reading.draft)
        return
    trial = Draft(Findings())
    read_ini(source, trial)
    if trial.findings.errors:
        raise NotMine(trial.findings.errors[:1])
    read_ini(source, reading.draft)


@dataclass(slots=True)
class _State:
    source: Source
    draft: Draft
    group: str = UNGROUPED
    kind: str = "hosts"
    declared: set[str] = field(default_factory=set)
    promised: dict[str, Position] = field(default_factory=dict)

    def at(self, number: int, line: str) -> Position:
        return Position(self.source, number, len(line) - len(line.lstrip()) + 1)


LONGEST_LINE = 100_000


def read_ini(source: Source, draft: Draft) -> None:
    """Add an INI inventory to ``draft``; mistakes are recorded there."""
    state = _State(source, draft, declared=set(draft.groups))
    for number, line in _lines(source.text):
        where = state.at(number, line)
        words = line.strip()
        if len(words) > LONGEST_LINE:
            draft.findings.error(f"a line of {len(words)} characters is too long for an inventory", where)
            continue
        if words.startswith("[") and _looks_like_section(words):
            _section(words, where, state)
        elif state.kind == "hosts":
            _host(words, where, state)
        elif state.kind == "children":
            _child(words, where, state)
        else:
            _variable(words, where, state)
    for name, where in state.promised.items():
        if name not in state.declared:
            draft.findings.error(f"variables are set for group '{name}', which is nowhere defined", where,
                                 hint=nearest(name, state.declared))  # fmt: skip


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and line.strip()[0] not in "#;":
            yield number, line


def _looks_like_section(words: str) -> bool:
    """Tell a section from a host written as ``[::1]:22`` or with a range at its start."""
    inside = words[1:].partition("]")[0]
    first, _, last = inside.partition(":")
    return ":" not in last and (last in ("", *_KINDS) or not first.isdigit())


def _section(words: str, where: Position, state: _State) -> None:
    match = _SECTION.fullmatch(words)
    if match is None:
        state.draft.findings.error(
            f"'{words}' is no section", where, hint="write [group], [group:children] or [group:vars]"
        )
        return
    name, kind = match[1], match[2] or "hosts"
    if kind not in _KINDS:
        state.draft.findings.error(f"unknown kind of section ':{kind}'", where, hint=nearest(kind, _KINDS))
        kind = "hosts"
    state.group, state.kind = name, kind
    if kind == "vars":
        state.promised.setdefault(name, where)
    else:
        state.declared.add(name)
        state.draft.group(name)


def _host(words: str, where: Position, state: _State) -> None:
    try:
        parts = shlex.split(words, comments=True)
    except ValueError as error:
        state.draft.findings.error(f"this line cannot be split: {error}", where, hint="close the quote, or escape it")
        return
    if not parts:
        return
    values: dict[str, object] = {}
    for part in parts[1:]:
        key, equals, text = part.partition("=")
        if not equals:
            state.draft.findings.error(f"a host's variable must be key=value, not '{part}'", where,
                                       hint="one host a line; quote values that contain spaces")  # fmt: skip
            continue
        values[Text(key, where)] = value_of(text, where)
    state.draft.host(parts[0], state.group, values, where)


def _child(words: str, where: Position, state: _State) -> None:
    name = re.split("[#;]", words, maxsplit=1)[0].strip()
    if " " in name or "=" in name:
        state.draft.findings.error(f"'{name}' is no group name", where, hint="a :children section lists group names")
        return
    state.draft.child(state.group, name, where)
    state.declared.add(name)


def _variable(words: str, where: Position, state: _State) -> None:
    key, equals, text = words.partition("=")
    if not equals:
        state.draft.findings.error(f"a variable must be key=value, not '{words}'", where)
        return
    state.draft.group_vars(state.group, {Text(key.strip(), where): value_of(text.strip(), where)})


def value_of(text: str, where: Position | None) -> object:
    """Return an INI value: what Python reads as a literal (number, list, True), else the text itself."""
    if _PLAIN_TEXT.fullmatch(text) and text not in _LITERALS:
        return Text(text, where)
    if _NUMBER.fullmatch(text) and len(text) < 1000:
        return int(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, TypeError, RecursionError):
        return Text(text, where)
    if isinstance(value, str):
        return Text(value, where)
    return list(value) if isinstance(value, (set, frozenset)) else value
