"""Reads a journal for resuming: which operations are done and what came of them, which are not, which nobody knows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.journal.kept import read_kept
from provisioner.journal.replay import replay
from provisioner.model.event import OperationFinished, OperationPlanned, RunFinished, RunStarted
from provisioner.model.recall import DONE, Recall
from provisioner.model.status import Status


def read_recall(path: Path, environ: Mapping[str, str]) -> Recall:
    """Read a journal for resuming; where a crash tore the last line, its operation counts as not finished."""
    kept = read_kept(path.parent, environ)
    recall: Recall | None = None
    for number, written in enumerate(replay(path), start=1):
        event = kept.get(number, written)
        match event:
            case RunStarted():
                recall = Recall(event)
            case OperationPlanned() if recall:
                recall.planned[event.operation] = event
            case OperationFinished() if recall:
                _note(recall, event)
            case RunFinished() if recall:
                recall.finished = event
    if recall is None:
        raise InputError.at(
            None,
            f"run {path.parent.name} was ended before it began: nothing was done",
            hint="start it with 'provisioner run', or name another run ('provisioner history' lists them)",
        )
    return recall


def _note(recall: Recall, event: OperationFinished) -> None:
    place = event.operation, event.host
    if event.status in DONE or (event.status is Status.FAILED and event.effects.get("rescued")):
        recall.ended.setdefault(place, deque()).append(event)
        recall.unknown.pop(place, None)
    elif event.status is Status.FAILED and not event.result.get("interrupted"):
        recall.tried[place] = recall.tried.get(place, 0) + 1
        results = event.result.get("results")
        items = enumerate(results) if isinstance(results, (list, tuple)) else ()
        recall.items[place] = {number: item for number, item in items if _is_done(item)}
    elif event.status is Status.LOST:
        recall.unknown[place] = event


def _is_done(item: object) -> bool:
    return isinstance(item, Mapping) and not item.get("failed") and not item.get("unreachable")
