"""The recap: one row of counts a host, counted as ansible-playbook counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields

from provisioner.model.event import Event, HostStats, OperationFinished, OperationPlanned, PlayStarted
from provisioner.model.status import Status

COLUMNS = tuple(field.name for field in fields(HostStats))

# tasks that steer the run and do nothing on a host are not counted
UNCOUNTED_ACTIONS = frozenset({"meta"})

_ADDS: Mapping[Status, tuple[str, ...]] = {
    Status.OK: ("ok",),
    Status.CHANGED: ("ok", "changed"),
    Status.SKIPPED: ("skipped",),
    Status.FAILED: ("failed",),
    Status.IGNORED: ("ok", "ignored"),
    Status.UNREACHABLE: ("unreachable",),
    Status.LOST: ("unreachable",),
    Status.BYPASSED: (),
    Status.NOT_RUN: (),
}


class Recap:
    """Counts results as events arrive."""

    def __init__(self) -> None:
        self._rows: dict[str, Counter[str]] = {}
        self._uncounted: set[str] = set()

    def add(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case PlayStarted():
                for host in event.hosts:
                    self._rows.setdefault(host, Counter())
            case OperationPlanned() if event.action in UNCOUNTED_ACTIONS:
                self._uncounted.add(event.operation)
            case OperationFinished() if event.operation not in self._uncounted:
                self._count(event)
            case _:
                pass

    @property
    def stats(self) -> Mapping[str, HostStats]:
        """Return the row of every host to which anything happened, by name."""
        return {host: HostStats(**row) for host, row in sorted(self._rows.items()) if any(row.values())}

    def _count(self, event: OperationFinished) -> None:
        names = _ADDS[event.status]
        if event.status is Status.FAILED and event.effects.get("rescued"):
            names = ("rescued",)
        if event.status is Status.IGNORED and event.result.get("changed"):
            names = (*names, "changed")
        row = self._rows.setdefault(event.host, Counter())
        times = self._times(event)
        for name in names:
            row[name] += times

    def _times(self, event: OperationFinished) -> int:
        """Return how often it counts: an include counts once for each file it brought."""
        included = event.effects.get("includes")
        return len(included) if event.status is Status.OK and isinstance(included, (list, tuple)) else 1
