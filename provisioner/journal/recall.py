"""Reads a journal for resuming: which operations are done and what came of them, which are not, which nobody knows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.journal.kept import read_kept
from provisioner.journal.replay import replay
from provisioner.model.event import (
    Answered,
    FileRead,
    OperationFinished,
    OperationPlanned,
    OperationStarted,
    RunFinished,
    RunStarted,
)
from provisioner.model.recall import DONE, UNRECORDED, Recall
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
            case OperationStarted() if recall and _is_unrecorded(recall, event):
                recall.unknown[event.operation, event.host] = _cut_off(event)
            case Answered() if recall:
                recall.answers[event.play, event.variable] = event.value
            case FileRead() if recall:
                recall.files[event.path] = event.checksum
            case RunFinished() if recall:
                recall.finished = event
    if recall is None:
        raise InputError.at(
            None,
            f"run {path.parent.name} was ended before it began: nothing was done",
            hint="start it with 'provisioner run', or name another run ('provisioner history' lists them)",
        )
    return recall


def _is_unrecorded(recall: Recall, event: OperationStarted) -> bool:
    """Tell whether no host keeps a record of the operation: only its end in the journal tells that it was done."""
    planned = recall.planned.get(event.operation)
    return planned is not None and planned.action in UNRECORDED and not planned.check


def _cut_off(event: OperationStarted) -> OperationFinished:
    text = f"host {event.host}: the run ended while this was under way, and {event.host} keeps no record of it"
    result = {"unreachable": True, "changed": False, "msg": f"{text}; whether it was done is not known"}
    return OperationFinished(event.operation, event.host, Status.LOST, result, event.at, 0.0)


def _note(recall: Recall, event: OperationFinished) -> None:
    place = event.operation, event.host
    if event.status is not Status.LOST:
        recall.unknown.pop(place, None)
    if event.status in DONE or (event.status is Status.FAILED and event.effects.get("rescued")):
        recall.ended.setdefault(place, deque()).append(event)
    elif event.status is Status.FAILED and not event.result.get("interrupted"):
        recall.tried[place] = recall.tried.get(place, 0) + 1
        results = event.result.get("results")
        items = enumerate(results) if isinstance(results, (list, tuple)) else ()
        recall.items[place] = {number: item for number, item in items if _is_done(item)}
    elif event.status is Status.LOST:
        recall.unknown[place] = event


def _is_done(item: object) -> bool:
    return isinstance(item, Mapping) and not item.get("failed") and not item.get("unreachable")
