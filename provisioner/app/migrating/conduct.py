"""Carries out stages as a run, with their times and outcome in the migration's record."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.app.migrating.book import Book, options_for, plays_of
from provisioner.app.migrating.watch import Watch
from provisioner.app.run import run_loaded
from provisioner.diagnostics.errors import Exit
from provisioner.migration.casting import Casting
from provisioner.migration.compile import Moment
from provisioner.migration.stages import Stage
from provisioner.records import dataclass

PATIENCE_S = {"cutover": 5.0, "rollback": 10.0, "probe": 10.0}
"""How long lost contact with a host is sought in phases in which somebody waits: going back is better than waiting."""


@dataclass(frozen=True, slots=True)
class Came:
    """What a run of stages came to."""

    code: int
    watch: Watch

    @property
    def ok(self) -> bool:
        """Tell whether everything went well."""
        return self.code == Exit.OK


def carry_out(
    book: Book, stages: Sequence[Stage], moment: Moment, watch: Watch | None = None, casting: Casting | None = None
) -> Came:
    """Run stages; nothing is raised where hosts fail. Whether time is short is known by the phase."""
    watch = watch or Watch(book)
    loaded = plays_of(book, stages, moment, casting)
    if not loaded.playbook.plays:
        return Came(Exit.OK, watch)
    options = options_for(book, loaded, PATIENCE_S.get(moment.phase))
    code = run_loaded(loaded, options, book.way.credentials, [watch, *book.way.sinks], book.way.ask)
    return Came(code, watch)
