"""Reads a journal for resuming: which operations are done and what came of them, which are not, which nobody knows.

A run that was resumed goes on in a journal of its own, which tells of what it took over only when it comes there. So
the journals of all runs that go on from each other are read, the first one first.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.journal.kept import read_kept
from provisioner.journal.places import FILE
from provisioner.journal.replay import replay
from provisioner.model.event import (
    Answered,
    Data,
    Event,
    FileRead,
    ItemFinished,
    OperationFinished,
    OperationPlanned,
    OperationStarted,
    PluginStarted,
    Retrying,
    RunFinished,
    RunStarted,
)
from provisioner.model.recall import AGAIN, DONE, STOP, TAKEN, UNRECORDED, Place, Recall
from provisioner.model.status import Status


def read_recall(path: Path, environ: Mapping[str, str]) -> Recall:
    """Read a journal for resuming; where a crash tore the last line, its operation counts as not finished."""
    recall: Recall | None = None
    for each in _chain(path):
        reading = _Reading(recall)
        kept = read_kept(each.parent, environ)
        events = replay(each)
        for number, written in enumerate(events, start=1):
            reading.take(kept.get(number) or (_without_its_secrets(written) if events.is_kept else written))
        recall = reading.ended()
    if recall is None:
        raise InputError.at(
            None,
            f"run {path.parent.name} was ended before it began: nothing was done",
            hint="start it with 'provisioner run', or name another run ('provisioner history' lists them)",
        )
    return recall


def _without_its_secrets(event: Event) -> Event:
    """Return what is still known where what redaction took out of an event is gone, by power loss or another key.

    A masked result is nobody's result: the host is asked for it, who tells that nobody knows it where it cannot.
    """
    if isinstance(event, Answered):
        return replace(event, value="")
    if not isinstance(event, (OperationFinished, ItemFinished)) or event.status in (Status.FAILED, Status.LOST):
        return event
    text = f"host {event.host}: this was done, and what came of it was secret; that is not kept any more"
    result = {"unreachable": True, "changed": False, "msg": f"{text} ({FILE} says only that it was)"}
    if isinstance(event, OperationFinished):
        return replace(event, status=Status.LOST, result=result, effects={})
    return replace(event, status=Status.LOST, result=result)


def _chain(path: Path) -> list[Path]:
    """Return the journals of the runs that go on from each other, the first one first and ``path`` last."""
    found = [path]
    while before := _resumed(found[0]):
        earlier = path.parent.parent / before / FILE
        if not earlier.is_file() or earlier in found:
            raise InputError.at(
                None,
                f"run {found[0].parent.name} goes on from run {before}, and that one's journal is not there",
                detail=f"looked for {earlier}\nwithout it nobody knows all that is done already",
                hint="put it back, or start anew with 'provisioner run'",
            )
        found.insert(0, earlier)
    return found


def _resumed(path: Path) -> str:
    """Return the run that a journal's run resumed; nothing where it began by itself, or not at all."""
    first = next(iter(replay(path)), None)
    before = first.options.get("resumes") if isinstance(first, RunStarted) else None
    return Path(str(before)).name if before else ""


class _Reading:
    """One journal being read, behind those of the runs that it goes on from."""

    def __init__(self, before: Recall | None) -> None:
        self._recall = before
        self._left: dict[Place, deque[OperationFinished]] = {}
        self._open: dict[Place, dict[int, Data]] = {}
        """By operation that no host has a record of and that has no end yet, the loop's items that are done."""
        self._items: Counter[Place] = Counter()

    def take(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, RunStarted):
            self._begin(event)
        elif self._recall is not None:
            self._note(self._recall, event)

    def _begin(self, event: RunStarted) -> None:
        recall = self._recall
        if recall is None:
            self._recall = Recall(event)
            return
        decided = event.options.get("unknown")
        recall.settle(str(decided) if decided in (AGAIN, TAKEN) else STOP)
        recall.started, recall.finished = event, None
        self._left, recall.ended = recall.ended, {}

    def _note(self, recall: Recall, event: Event) -> None:
        match event:
            case OperationPlanned():
                recall.planned[event.operation] = event
            case OperationStarted():
                self._started(recall, event)
            case PluginStarted():
                self._unrecorded(recall, event, f"the action plugin {event.plugin}")
            case ItemFinished():
                self._item(recall, event)
            case Retrying():
                self._forget_plugin(recall, (event.operation, event.host))
            case OperationFinished():
                self._finished(recall, event)
            case Answered() if event.value or not event.is_private:
                recall.answers[event.play, event.variable] = event.value
            case FileRead():
                recall.files[event.path] = event.checksum
            case RunFinished():
                recall.finished = event

    def ended(self) -> Recall | None:
        """Return what is known at the journal's end."""
        recall = self._recall
        if recall is None:
            return None
        for place, rest in self._left.items():
            recall.ended.setdefault(place, deque()).extend(rest)
        for place, done in self._open.items():
            if done:  # the next items are other requests than those that the host may have a record of
                recall.items[place] = {**recall.items.get(place, {}), **done}
                recall.tried[place] = recall.tried.get(place, 0) + 1
        recall.decided = STOP
        return recall

    # ------------------------------------------------------------------ what no host has a record of

    def _started(self, recall: Recall, event: OperationStarted) -> None:
        self._items.pop((event.operation, event.host), None)
        planned = recall.planned.get(event.operation)
        if planned is not None and planned.action in UNRECORDED:
            self._unrecorded(recall, event, "this")

    def _unrecorded(self, recall: Recall, event: OperationStarted | PluginStarted, what: str) -> None:
        """Note that something begins of which only its end in the journal tells that it was done."""
        planned = recall.planned.get(event.operation)
        if planned is None or planned.check:
            return
        place = event.operation, event.host
        recall.unrecorded.add(place)
        recall.unknown[place] = _cut_off(event, what)
        self._open.setdefault(place, {})

    def _item(self, recall: Recall, event: ItemFinished) -> None:
        place = event.operation, event.host
        number = self._items[place]
        self._items[place] += 1
        if place in self._open:
            if _is_done(event.result):
                self._open[place][number] = event.result
            self._forget_plugin(recall, place)

    def _forget_plugin(self, recall: Recall, place: Place) -> None:
        """Note that a plugin came to an end: the next item or try tells of itself, where it is a plugin's."""
        planned = recall.planned.get(place[0])
        if place in self._open and planned is not None and planned.action not in UNRECORDED:
            recall.unknown.pop(place, None)

    # ------------------------------------------------------------------ ends

    def _finished(self, recall: Recall, event: OperationFinished) -> None:
        place = event.operation, event.host
        if waiting := self._left.get(place):
            waiting.popleft()  # told again by the run that goes on, or done anew by it
        if event.status is not Status.LOST:
            recall.unknown.pop(place, None)
        if event.status in DONE or (event.status is Status.FAILED and event.effects.get("rescued")):
            recall.ended.setdefault(place, deque()).append(event)
            self._open.pop(place, None)
        elif event.status is Status.FAILED and not event.result.get("interrupted"):
            recall.tried[place] = recall.tried.get(place, 0) + 1
            results = event.result.get("results")
            items = enumerate(results) if isinstance(results, (list, tuple)) else ()
            recall.items[place] = {number: item for number, item in items if _is_done(item)}
            self._open.pop(place, None)
        elif event.status is Status.LOST:
            recall.unknown[place] = event


def _cut_off(event: OperationStarted | PluginStarted, what: str) -> OperationFinished:
    text = f"host {event.host}: the run ended while {what} was under way, and {event.host} keeps no record of it"
    result = {"unreachable": True, "changed": False, "msg": f"{text}; whether it was done is not known"}
    return OperationFinished(event.operation, event.host, Status.LOST, result, event.at, 0.0)


def _is_done(item: object) -> bool:
    return isinstance(item, Mapping) and not item.get("failed") and not item.get("unreachable")
