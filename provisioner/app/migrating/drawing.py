"""Shows migrations where plays are shown: every phase as its plays, with its gates in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from provisioner.app.migrating.book import check
from provisioner.app.wiring import Loaded
from provisioner.diagnostics.errors import InputError
from provisioner.migration.casting import cast
from provisioner.migration.compile import Moment, compiled
from provisioner.migration.lifecycle import GATES
from provisioner.migration.stages import Piece, Stage, Stages
from provisioner.migration.steps import NEW, Step
from provisioner.model.migration import Migration


def with_migrations(loaded: Loaded) -> Loaded:
    """Return what was loaded with the phases of its migrations as plays behind its own; InputError for mistakes."""
    plays = list(loaded.playbook.plays)
    for migration in loaded.playbook.migrations:
        casting = cast(migration, loaded.inventory)
        check(migration, loaded, casting)
        for phase, stages in phases_of(migration):
            listed = [_gate(migration, phase), *stages] if GATES.get(phase) else stages
            playbook, findings = compiled(migration, casting, listed, Moment(migration.name, phase), loaded.loading)
            if findings.errors:
                raise InputError(findings.errors)
            plays += playbook.plays
    return replace(loaded, playbook=replace(loaded.playbook, plays=tuple(plays), migrations=()))


def phases_of(migration: Migration) -> list[tuple[str, Sequence[Stage]]]:
    """Return the phases that consist of tasks, in order."""
    stages = Stages(migration)
    return [
        ("build", stages.build()),
        ("seed", [*stages.seed(), *stages.delta()]),
        ("rehearse", stages.rehearsal_on_new()),
        ("cutover", stages.cutover()),
        ("confirm", stages.confirm()),
        ("rollback", stages.go_back(may_lose_new=False)),
        ("observe", stages.observe()),
        ("finalize", stages.finalize()),
        ("decommission", stages.decommission()),
    ]


def _gate(migration: Migration, phase: str) -> Stage:
    """Return the gates of a phase as a stage that does nothing."""
    steps = tuple(Step(NEW, {"name": f"gate: {name}", "meta": "noop"}) for name in GATES[phase])
    return Stage(f"gates of {phase}", (Piece(steps, migration.position),))
