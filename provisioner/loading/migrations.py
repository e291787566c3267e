"""Reads ``migration: NAME``, the definition of a server's replacement; its tasks are read when it is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.files import is_file
from provisioner.loading.guarding import refuse_what_cannot_be_armed
from provisioner.loading.keywords import Item, duration, read_bool, read_int, read_mapping, read_number, read_texts
from provisioner.loading.keywords import read_vars as read_variables
from provisioner.loading.migration_sections import read_sections, with_on
from provisioner.loading.reading import Reading, is_template, kind_of
from provisioner.loading.tasks import place_of, read_nodes
from provisioner.loading.windowing import read_window
from provisioner.model.migration import (
    DAY_S,
    Abort,
    Approvals,
    Comparing,
    Confirmation,
    Limits,
    LoneStep,
    Migration,
    Part,
    Probe,
    Rehearsal,
    Section,
)
from provisioner.model.task import Task
from provisioner.remote.params import Parameters

KEYS = frozenset(
    {"migration", "description", "owner", "hosts", "vars", "window", "abort", "probe", "build", "data", "freeze",
     "unfreeze", "switch", "verify", "guard", "confirm", "observe", "retention", "approvals", "notify", "rehearsal",
     "phases", "fence", "old_python", "compare", "decommission", "accepted", "become", "become_user", "become_method",
     "become_flags", "remote_user", "environment", "vars_files"}
)  # fmt: skip
"""Every key of a migration."""

PASSED_ON = ("become", "become_user", "become_method", "become_flags", "remote_user", "environment", "vars_files")
"""Keys that every play of the migration gets."""

PLAIN_NAME = "letters, digits, '-' and '_'"


def read_migration(written: dict[str, object], reading: Reading) -> Migration | None:
    """Return the definition; None with errors recorded where it has no usable name or hosts."""
    position = place_of(written, reading)
    for key in written:
        if key not in KEYS:
            reading.unknown_key(key, "migration", KEYS)
    name, hosts = _name(written, reading), _hosts(written, position, reading)
    if name is None or not hosts:
        return None
    path = reading.open_files[-1] if reading.open_files else reading.folder
    sections = read_sections(written, hosts, reading)
    old_python = read_bool(_item({"old_python": True, **written}, "old_python"), reading) is not False
    undoing = _undoing(sections.get("unfreeze", ()), reading, old_python=old_python)
    migration = Migration(
        name, position, reading.basedir, path, hosts,
        data=_parts(written, "data", "mover", reading, old_python=old_python),
        switches=_parts(written, "switch", "switcher", reading),
        sections=sections,
        undoing=undoing,
        keywords={key: written[key] for key in PASSED_ON if key in written},
        vars=read_variables(_item(written, "vars"), reading),
        owner=_text(written, "owner", reading),
        description=_text(written, "description", reading),
        window=read_window("window", written["window"], reading) if written.get("window") is not None else None,
        notify=_addresses(written, reading),
        guard_s=duration(written.get("guard"), 30.0, reading),
        accepted=_accepted(written, reading),
        old_python=old_python,
    )  # fmt: skip
    migration = replace(migration, **_settings(written, reading))
    _whole(migration, reading)
    return migration


def _settings(written: Mapping[str, object], reading: Reading) -> dict[str, Any]:
    return {
        "abort": _abort(_mapping(written, "abort", reading), reading),
        "probe": _probe(written, reading),
        "approvals": _approvals(written, reading),
        "rehearsal": _rehearsal(_mapping(written, "rehearsal", reading), reading),
        "confirmation": _confirmation(written, reading),
        "compare": _comparing(written, reading),
        "observe_s": duration(written.get("observe"), 7 * DAY_S, reading),
        "retention_s": duration(written.get("retention"), 90 * DAY_S, reading),
        "fence": _mapping(written, "fence", reading) if "fence" in written else None,
    }


def _accepted(written: Mapping[str, object], reading: Reading) -> tuple[str, ...]:
    """Return the files of accepted findings, which must be there."""
    names = read_texts(_item(written, "accepted"), reading) if written.get("accepted") is not None else ()
    for name in names:
        if not is_file(reading.path(name)):
            reading.error(f"the file of accepted findings, '{name}', does not exist", name)
    return tuple(map(reading.path, names))


def _whole(migration: Migration, reading: Reading) -> None:
    """Record what a definition lacks to be carried out."""
    for role in ("old", "new"):
        if role not in migration.hosts:
            reading.error(f"a migration must say which host is '{role}'", migration.position,
                          hint="hosts: {old: web1, new: web2, lb: balancer}")  # fmt: skip
    if migration.sections.get("freeze") and not migration.sections.get("unfreeze"):
        reading.error("what freezes must be undone: there is 'freeze' but no 'unfreeze'", migration.position)


def _undoing(sections: Sequence[Section], reading: Reading, *, old_python: bool) -> tuple[LoneStep, ...]:
    """Return what unfreezes as the hosts do it alone; what they cannot do without the controller is a mistake."""
    found = []
    for section in sections:
        if set(section.body) != {"tasks"}:
            reading.error("what unfreezes must be single tasks: hosts do it alone where the controller is lost",
                          section.position)  # fmt: skip
            continue
        for node in read_nodes(section.body["tasks"], replace(reading, findings=Findings())):
            if old_python or section.on != ("old",):
                refuse_what_cannot_be_armed(node, reading)
            elif not isinstance(node, Task) or node.action != "raw" or node.loop is not None or node.keywords.when:
                reading.error("the old server has no Python: what unfreezes it is 'raw', without loop or condition",
                              node.position)  # fmt: skip
            if isinstance(node, Task):
                found.append(LoneStep(section.on, node.action, dict(node.args)))
    return tuple(found)


def _name(written: Mapping[str, object], reading: Reading) -> str | None:
    value = written["migration"]
    if isinstance(value, str) and value and all(c.isalnum() or c in "-_" for c in value):
        return str(value)
    reading.error(f"'migration' must be a name of {PLAIN_NAME}, not {kind_of(value)} ('{value}')", _key(written))
    return None


def _key(written: Mapping[str, object]) -> Position | None:
    return next((position_of(each) for each in written if each == "migration"), None)


def _item(written: Mapping[str, object], key: str) -> Item:
    return Item(next((each for each in written if each == key), key), written.get(key), "migration")


def _hosts(written: Mapping[str, object], position: Position, reading: Reading) -> dict[str, object]:
    if not isinstance(written.get("hosts"), dict):
        reading.error("a migration must map host roles to hosts", position_of(written.get("hosts")) or position,
                      hint="hosts: {old: web1, new: web2, lb: balancer}")  # fmt: skip
        return {}
    hosts: dict[str, object] = dict(written["hosts"])  # type: ignore[call-overload]
    for role, pattern in hosts.items():
        if not isinstance(role, str) or not role.isidentifier():
            reading.error(f"'{role}' cannot be the name of a host role", role)
        words = pattern if isinstance(pattern, list) else [pattern]
        if not words or any(not isinstance(each, str) or not each for each in words):
            reading.error(
                f"host role '{role}' must be a host, a group or a list of these, not {kind_of(pattern)}", role
            )
    return hosts


def _text(written: Mapping[str, object], key: str, reading: Reading) -> str:
    value = written.get(key)
    if value is not None and not isinstance(value, str):
        reading.error(f"'{key}' of a migration must be a string, not {kind_of(value)}", _item(written, key).at)
    return str(value or "")


def _addresses(written: Mapping[str, object], reading: Reading) -> tuple[str, ...]:
    """Return whom to tell; programs are sought from the definition's folder."""
    found = []
    for each in read_texts(_item(written, "notify"), reading):
        if each.startswith("exec:"):
            found.append("exec:" + reading.path(each.removeprefix("exec:")))
        elif each.startswith(("http://", "https://")):
            found.append(each)
        else:
            reading.error(f"'{each}' is nobody who can be told", each, hint="write https://... or exec:PATH")
    return tuple(found)


def _mapping(written: Mapping[str, object], key: str, reading: Reading) -> dict[str, object]:
    return read_mapping(_item(written, key), reading) if written.get(key) is not None else {}


def _checked(value: Mapping[str, object], known: frozenset[str], thing: str, reading: Reading) -> Mapping[str, object]:
    for key in value:
        if key not in known:
            reading.unknown_key(key, thing, known)
    return value


# ------------------------------------------------------------------------------------------ data sets and switches

_PART_KEYS = frozenset({"name", "in_sync"})
_LIMIT_KEYS = frozenset({"delta", "lag", "cycles"})


def _parts(
    written: Mapping[str, object], key: str, kind: str, reading: Reading, *, old_python: bool = True
) -> tuple[Part, ...]:
    value = written.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        reading.error(f"'{key}' of a migration must be a list, not {kind_of(value)}", _item(written, key).at)
        return ()
    parts: dict[str, Part] = {}
    for each in value:
        part = _part(each, kind, reading, old_python) if isinstance(each, dict) else None
        if part is None:
            if not isinstance(each, dict):
                reading.error(f"each of '{key}' must be a mapping with its {kind}, not {kind_of(each)}", each)
        elif part.name in parts:
            reading.error(f"two of '{key}' are called '{part.name}'", part.position)
        else:
            parts[part.name] = part
    return tuple(parts.values())


def _part(written: dict[str, object], kind: str, reading: Reading, old_python: bool) -> Part | None:
    known = catalog.names(kind)
    kinds = [each for each in written if each not in _PART_KEYS]
    at = position_of(written)
    if len(kinds) != 1 or kinds[0] not in known:
        named = next((each for each in kinds if each not in known), "")
        said = f"unknown {kind} '{named}'" if named else f"exactly one {kind} must be named here"
        hint = nearest(named, known) or f"one of {', '.join(sorted(known))}"
        reading.error(said, position_of(named) or at, hint=hint)
        return None
    args = written[kinds[0]]
    if args is not None and not isinstance(args, dict):
        reading.error(f"parameters of {kind} '{kinds[0]}' must be a mapping, not {kind_of(args)}", kinds[0])
        return None
    given = with_on(args or {})
    if not old_python and not _can_without_python(given, kind, kinds[0]):
        reading.error(f"mover {kinds[0]} needs Python on the old server, and there is none", kinds[0],
                      hint="'files' and 'archive' do without it")  # fmt: skip
    _report(kind, kinds[0], given, reading)
    position = position_of(kinds[0]) or at or place_of(written, reading)
    limits = _limits(_checked(_mapping(written, "in_sync", reading), _LIMIT_KEYS, "in_sync", reading), reading)
    return Part(str(written.get("name") or kinds[0]), str(kinds[0]), given, position, limits)


def _can_without_python(given: dict[str, object], kind: str, name: str) -> bool:
    """Tell a mover that the old server has no Python; return whether it can do without."""
    declared: type[Parameters] = catalog.load(kind, name).Params
    if "old_python" in declared.declared:
        given.setdefault("old_python", False)
    return "old_python" in declared.declared


def _report(kind: str, name: str, args: Mapping[str, object], reading: Reading) -> None:
    """Record wrong parameters where they stand."""
    declared: type[Parameters] = catalog.load(kind, name).Params
    for problem in declared.problems(args, is_template):
        named = next((key for key in args if key == problem.parameter), None)
        reading.error(f"{kind} {name}: {problem.message}", position_of(named) or position_of(name))


def _limits(written: Mapping[str, object], reading: Reading) -> Limits:
    plain = Limits()
    cycles = read_int(Item("cycles", written.get("cycles", plain.cycles), "in_sync"), reading)
    return Limits(
        duration(written.get("delta"), plain.delta_s, reading),
        duration(written.get("lag"), plain.lag_s, reading),
        cycles if isinstance(cycles, int) else plain.cycles,
    )


# ---------------------------------------------------------------------------------------------------- the rest


def _abort(written: Mapping[str, object], reading: Reading) -> Abort:
    _checked(written, frozenset({"error_rate", "latency", "lag"}), "abort", reading)

    def seconds(key: str) -> float | None:
        return duration(written[key], 0.0, reading) if key in written else None

    return Abort(_share(written, reading), seconds("latency"), seconds("lag"))


def _share(written: Mapping[str, object], reading: Reading) -> float | None:
    value = written.get("error_rate")
    if value is None:
        return None
    try:
        share = float(str(value).removesuffix("%")) / (100 if str(value).endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        reading.error(f"'{value}' is no share of requests", _item(written, "error_rate").at, hint="write 1% or 0.01")
        return None
    return share


def _probe(written: Mapping[str, object], reading: Reading) -> Probe | None:
    if written.get("probe") is None:
        return None
    value = written["probe"]
    given = {"url": value} if isinstance(value, str) else _mapping(written, "probe", reading)
    _checked(given, frozenset({"url", "every", "timeout", "status"}), "probe", reading)
    url = given.get("url")
    if not isinstance(url, str) or not (is_template(url) or url.startswith(("http://", "https://"))):
        reading.error("'probe' needs the url to ask: http:// or https://", _item(written, "probe").at)
        return None
    status = read_int(Item("status", given.get("status", 200), "probe"), reading)
    return Probe(
        url, duration(given.get("every"), 0.2, reading), duration(given.get("timeout"), 5.0, reading),
        status if isinstance(status, int) else 200,
    )  # fmt: skip


def _approvals(written: Mapping[str, object], reading: Reading) -> Approvals:
    value = written.get("approvals")
    if value is None:
        return Approvals()
    if not isinstance(value, dict):
        count = read_int(_item(written, "approvals"), reading)
        return Approvals(count if isinstance(count, int) else 0)
    _checked(value, frozenset({"count", "by"}), "approvals", reading)
    count = read_number(Item("count", value.get("count", 1), "approvals"), reading)
    return Approvals(
        int(count) if isinstance(count, (int, float)) else 1,
        read_texts(Item("by", value.get("by"), "approvals"), reading),
    )


def _rehearsal(written: Mapping[str, object], reading: Reading) -> Rehearsal:
    _checked(written, frozenset({"hosts", "valid"}), "rehearsal", reading)
    return Rehearsal(_mapping(written, "hosts", reading), duration(written.get("valid"), 14 * DAY_S, reading))


def _comparing(written: Mapping[str, object], reading: Reading) -> Comparing | None:
    value = written.get("compare")
    if value is None or value is False:
        return None
    if value is True:
        return Comparing()
    given = _checked(_mapping(written, "compare", reading), frozenset({"waivers", "signers"}), "compare", reading)
    files = read_texts(Item("waivers", given.get("waivers"), "compare"), reading)
    signers = given.get("signers")
    for each in (*files, *([str(signers)] if signers else [])):
        if not is_file(reading.path(each)):
            reading.error(f"there is no file '{each}'", each)
    return Comparing(tuple(map(reading.path, files)), reading.path(str(signers)) if signers else "")


_CONFIRM_KEYS = frozenset({"manual", "within"})


def _confirmation(written: Mapping[str, object], reading: Reading) -> Confirmation:
    value = written.get("confirm")
    if value is None:
        return Confirmation()
    if not isinstance(value, dict):
        return Confirmation(True, duration(value, 3600.0, reading))
    if "by" in value:
        reading.error("hosts go back alone until the decision, not after it: without each other they would lose writes",
                      position_of(value["by"]) or _item(written, "confirm").at,
                      hint="'within' alone: 'provisioner migrate run' goes back when the time is over")  # fmt: skip
    _checked({key: each for key, each in value.items() if key != "by"}, _CONFIRM_KEYS, "confirm", reading)
    manual = read_bool(Item("manual", value.get("manual", True), "confirm"), reading)
    return Confirmation(bool(manual), duration(value.get("within"), 3600.0, reading))
