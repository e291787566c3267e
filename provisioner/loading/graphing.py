"""Reads the keys that are ours: ``id``, ``needs``, ``verify``."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner import catalog
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.action import check_problems, params_of_check
from provisioner.loading.keywords import Item, read_texts, wrong_type
from provisioner.loading.reading import Reading, is_template, kind_of
from provisioner.model.task import UNORDERED, Check, Graphing

GRAPHING_KEYS = frozenset({"id", "needs", "verify"})
"""Keys every task, block, role and play may have besides Ansible's."""

PLAY_ONLY = frozenset({"window"})
"""Keys of ours that only plays and migrations have; on anything else they are refused, never ignored."""

_SIDE_KEYS = frozenset({"name", "when", "retries", "delay", "timeout"})
VALUE = "value"
"""The parameter of a check that was written as a single value (``port: 80``)."""


def read_graphing(written: Mapping[str, object], thing: str, reading: Reading) -> Graphing:
    """Return ``id`` and ``needs``."""
    if "id" not in written and "needs" not in written:
        return UNORDERED
    for key in ("id", "needs"):
        if is_template(written.get(key)):
            reading.error(f"'{key}' must be plain text: the graph is made before any variable is known", written[key])
            return UNORDERED
    own = written.get("id")
    if own is not None and not isinstance(own, (str, int)):
        wrong_type(Item("id", own, thing), "a word", reading)
        own = None
    needs = read_texts(Item("needs", written.get("needs"), thing), reading)
    return Graphing(own if isinstance(own, str) or own is None else str(own), needs)


def refuse_play_only(written: Mapping[str, object], thing: str, reading: Reading) -> None:
    """Record keys that only plays and migrations have."""
    for key in written:
        if key in PLAY_ONLY:
            reading.error(f"'{key}' belongs to a play or a migration, not to a {thing}", key)


def read_checks(value: object, position: Position, reading: Reading) -> tuple[Check, ...]:
    """Return the checks of ``verify``: a list of one-key mappings (``port: 80``), or testinfra files by path."""
    checks = []
    for each in value if isinstance(value, list) else [value]:
        check = _check(each, position, reading)
        if check is not None:
            checks.append(check)
    return tuple(checks)


def _check_args(written: dict[str, object], kind: str) -> dict[str, object]:
    """Return a check's arguments: what stands beside its kind, and its own mapping or single value."""
    args: dict[str, object] = {key: each for key, each in written.items() if key != kind}
    inner = written[kind]
    if isinstance(inner, dict):
        args.update(inner)
    elif inner is not None:
        args[params_of_check(str(kind)) or VALUE] = inner
    return args


def _check(value: object, position: Position, reading: Reading) -> Check | None:
    if isinstance(value, str):
        return Check("testinfra", {params_of_check("testinfra") or VALUE: value}, position_of(value) or position)
    if not isinstance(value, dict) or not value:
        reading.error(
            f"a check must be a mapping such as 'port: 80', not {kind_of(value)}", position_of(value) or position
        )
        return None
    kinds = [key for key in value if key not in _SIDE_KEYS] or list(value)[:1]
    kind = str(kinds[0])
    where = position_of(kinds[0]) or position
    known = catalog.names("check")
    if known and kind != "testinfra" and kind not in known:
        reading.error(f"unknown check '{kind}'", where, hint=nearest(kind, known))
        return None
    args = _check_args(value, kinds[0])
    _report(kind, args, where, reading)
    return Check(kind, args, where)


def _report(kind: str, args: dict[str, object], where: Position, reading: Reading) -> None:
    for problem in check_problems(kind, {key: each for key, each in args.items() if key != "when"}, is_template):
        named = next((key for key in args if key == problem.parameter), None)
        reading.error(f"check {kind}: {problem.message}", position_of(named) or where)
