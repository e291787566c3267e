"""Turns stages into ordinary plays: one for each run of tasks that the same hosts do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.position import Position, Text
from provisioner.loading.checks import check_playbook
from provisioner.loading.imports import read_import
from provisioner.loading.plays import read_play
from provisioner.loading.reading import Reading
from provisioner.loading.settings import LoadSettings
from provisioner.migration.bare_tasks import refuse_python
from provisioner.migration.casting import Casting
from provisioner.migration.stages import Piece, Stage
from provisioner.migration.steps import OLD
from provisioner.model.migration import Migration, Section
from provisioner.model.play import Play, Playbook
from provisioner.records import dataclass

PEER = "{{ migration.peers[inventory_hostname] | default('') }}"
PEER_ADDRESS = "{{ (hostvars[peer].ansible_host | default(peer)) if peer else '' }}"


@dataclass(frozen=True, slots=True)
class Moment:
    """What tasks may know of the phase they belong to: its name, which attempt it is, and the rollback class."""

    id: str
    phase: str
    attempt: int = 0
    rollback_class: str = "A"


def compiled(
    migration: Migration, casting: Casting, stages: Sequence[Stage], moment: Moment, settings: LoadSettings
) -> tuple[Playbook, Findings]:
    """Return the plays of the stages, with everything that is wrong in them."""
    findings = Findings()
    constants = {**migration.vars, **settings.extra_vars}
    reading = Reading(settings, findings, migration.basedir, migration.basedir, constants=constants,
                      open_files=(migration.path,), importer=read_import)  # fmt: skip
    shared = dict(placed(_shared(migration, casting, moment), migration.position))  # type: ignore[call-overload]
    plays: list[Play] = []
    for stage in stages:
        for written in _joined(stage, [_placed_plays(migration, casting, stage, each) for each in stage.pieces]):
            play = read_play({**shared, **written, "vars": {**_vars(shared), **_vars(written)}}, reading)
            plays += [play] if play is not None else []
    playbook = Playbook(tuple(plays), (migration.path,))
    check_playbook(playbook, settings, findings)
    if not migration.old_python:
        refuse_python(playbook, frozenset(casting.hosts[OLD]), findings)
    return playbook, findings


def stage_of(migration: Migration, play: str) -> str:
    """Return the stage a play belongs to, by its name."""
    return play.removeprefix(f"{migration.name}: ")


def _vars(written: Mapping[str, object]) -> Mapping[str, object]:
    found = written.get("vars")
    return found if isinstance(found, dict) else {}


def _shared(migration: Migration, casting: Casting, moment: Moment) -> dict[str, object]:
    told = {
        "name": migration.name,
        "id": moment.id,
        "phase": moment.phase,
        "attempt": moment.attempt,
        "rollback_class": moment.rollback_class,
        "hosts": {role: list(hosts) for role, hosts in casting.hosts.items()},
        "peers": dict(casting.peers),
        "addresses": {role: list(each) for role, each in casting.addresses.items()},
    }
    values = {**migration.vars, "migration": told, "peer": PEER, "peer_address": PEER_ADDRESS}
    return {**migration.keywords, "any_errors_fatal": True, "gather_facts": False, "vars": values}


def _placed_plays(migration: Migration, casting: Casting, stage: Stage, piece: Piece) -> list[dict[str, object]]:
    return [dict(placed(each, piece.position)) for each in _plays_of(migration, casting, stage, piece)]  # type: ignore[call-overload]


def _joined(stage: Stage, pieces: Sequence[Sequence[dict[str, object]]]) -> list[dict[str, object]]:
    """Return the plays of a stage; neighbours that differ in nothing but their tasks are one."""
    joined: list[dict[str, object]] = []
    for piece, plays in zip(stage.pieces, pieces, strict=True):
        for play in plays:
            last = joined[-1] if joined else None
            if last is not None and not isinstance(piece.work, Section) and _frame(last) == _frame(play):
                last["tasks"] = [*_list(last["tasks"]), *_list(play["tasks"])]
            else:
                joined.append(play)
    return joined


def _frame(play: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in play.items() if key != "tasks"}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _plays_of(migration: Migration, casting: Casting, stage: Stage, piece: Piece) -> list[dict[str, object]]:
    """Return the plays of a piece as written: neighbours on the same hosts share one."""
    name = f"{migration.name}: {stage.name}"
    lenient = {"ignore_errors": True, "ignore_unreachable": True} if piece.may_fail else {}
    if isinstance(piece.work, Section):
        section = piece.work
        facts = {"gather_facts": True} if "roles" in section.body else {}
        return [{**facts, **lenient, **section.body, "name": name, "hosts": _hosts(casting, section.on)}]
    plays: list[dict[str, object]] = []
    last: tuple[str, ...] = ()
    tasks: list[Mapping[str, object]] = []
    for step in piece.work:
        if step.roles != last:
            tasks = []
            plays.append({**lenient, "name": name, "hosts": _hosts(casting, step.roles), "tasks": tasks})
            last = step.roles
        tasks.append(step.task)
    return plays


def _hosts(casting: Casting, roles: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(host for role in roles for host in casting.hosts[role]))


def placed(value: object, position: Position) -> object:
    """Return a value whose texts know a place: their own, or that of what they were made for."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        return Text(value, position)
    if isinstance(value, Mapping):
        return {placed(key, position): placed(each, position) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [placed(each, position) for each in value]
    return value
