"""Reads the tasks, roles and checks of a migration's phases: which host roles they are for. They stay as written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.diagnostics.position import position_of
from provisioner.loading.keywords import Item, read_texts
from provisioner.loading.reading import Reading, kind_of
from provisioner.loading.tasks import place_of
from provisioner.model.migration import Section

PHASES = ("discover", "assess", "build", "seed", "rehearse", "cutover", "confirm", "rollback", "observe", "finalize",
          "decommission")  # fmt: skip
"""The phases of a life cycle that tasks may be put before and after."""

DEFAULTS = {"build": "new", "freeze": "old", "unfreeze": "old", "verify": "new", "decommission": "old"}
"""On which host role a task runs that does not say it."""

VERIFY = ("before", "during", "after")
_PLAY_KEYS = frozenset({"roles", "tasks", "handlers"})


def read_sections(
    written: Mapping[str, object], hosts: Mapping[str, object], reading: Reading
) -> dict[str, tuple[Section, ...]]:
    """Return what is written for each moment of the life cycle."""
    found: dict[str, tuple[Section, ...]] = {}
    for key in ("build", "freeze", "unfreeze", "decommission"):
        found[key] = _sections(written.get(key), key, DEFAULTS[key], hosts, reading)
    verify = _mapping(written, "verify", VERIFY, reading)
    for moment in VERIFY:
        found[f"verify.{moment}"] = _sections(verify.get(moment), moment, DEFAULTS["verify"], hosts, reading)
    phases = _mapping(written, "phases", PHASES, reading)
    for phase in phases:
        around = _mapping(phases, phase, ("before", "after"), reading)
        for moment in around:
            found[f"{phase}.{moment}"] = _sections(around[moment], moment, DEFAULTS.get(phase, "new"), hosts, reading)
    return {key: sections for key, sections in found.items() if sections}


def _mapping(written: Mapping[str, object], key: str, known: tuple[str, ...], reading: Reading) -> Mapping[str, object]:
    value = written.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        named = next((each for each in written if each == key), key)
        reading.error(f"'{key}' of a migration must be a mapping, not {kind_of(value)}", named)
        return {}
    for each in value:
        if each not in known:
            reading.unknown_key(each, f"migration's '{key}'", frozenset(known))
    return value


def _sections(
    value: object, key: str, default: str, hosts: Mapping[str, object], reading: Reading
) -> tuple[Section, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        reading.error(f"'{key}' of a migration must be a list of tasks, not {kind_of(value)}", value)
        return ()
    found = []
    for each in value:
        if isinstance(each, dict) and each:
            found.append(_section(each, default, hosts, reading))
        else:
            reading.error(f"a task must be a mapping, not {kind_of(each)}", each)
    return tuple(found)


def _section(each: dict[str, object], default: str, hosts: Mapping[str, object], reading: Reading) -> Section:
    """Return a section: a part of a play (roles, tasks, checks) or a single task, with ``on`` taken off."""
    each = with_on(each)
    roles = read_texts(Item("on", each.get("on", default), "task"), reading)
    for role in roles:
        if role not in hosts:
            reading.error(f"this migration has no host role '{role}'", position_of(each.get("on")) or position_of(each),
                          hint=f"it has {', '.join(map(str, hosts))}")  # fmt: skip
    rest = {key: value for key, value in each.items() if key != "on"}
    is_part = bool(_PLAY_KEYS & set(rest)) or ("verify" in rest and set(rest) <= {"verify", "name", "vars", "become"})
    body: dict[str, object] = rest if is_part else {"tasks": [rest]}
    return Section(roles, body, place_of(each, reading))


def with_on(written: Mapping[Any, object]) -> dict[str, object]:
    """Return a mapping with the key ``on`` as it was meant: YAML 1.1 reads it as true."""
    return {("on" if key is True else key): value for key, value in written.items()}
