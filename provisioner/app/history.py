"""Past runs, read from their journals; nothing else is kept about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.journal.places import FILE, runs_dir
from provisioner.journal.replay import Verdict, ends, replay, verify
from provisioner.model.event import RunFinished, RunStarted
from provisioner.records import dataclass
from provisioner.reporting.renderer import EventRenderer

LAST = "last"


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run as far as its first and last event tell; ``problem`` says why it cannot be read."""

    id: str
    path: Path
    started: RunStarted | None = None
    finished: RunFinished | None = None
    problem: str = ""


def past_runs(environ: Mapping[str, str]) -> Iterator[PastRun]:
    """Return all runs, the newest first."""
    for path in sorted(runs_dir(environ).glob(f"*/{FILE}"), reverse=True):
        try:
            found = ends(path)
        except InputError as error:
            yield PastRun(path.parent.name, path, problem=error.diagnostics[0].summary)
        else:
            yield PastRun(path.parent.name, path, found.started, found.finished)


def journal_of(word: str, environ: Mapping[str, str]) -> Path:
    """Return the journal of the run that ``word`` names: its id, the beginning of it, ``last``, or a path."""
    if "/" in word:
        path = Path(word)
        return path / FILE if path.is_dir() else path
    folder = runs_dir(environ)
    ids = sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))
    if word == LAST and ids:
        return folder / ids[-1] / FILE
    found = [id for id in ids if id.startswith(word)]
    if len(found) == 1 or word in found:
        return folder / (word if word in found else found[0]) / FILE
    if found:
        raise InputError.at(None, f"'{word}' is the beginning of {len(found)} runs", detail=", ".join(found))
    raise InputError.at(
        None, f"there is no run '{word}'", hint=nearest(word, ids) or "'provisioner history' lists the runs"
    )


def show(word: str, environ: Mapping[str, str], sinks: Iterable[EventRenderer]) -> int:
    """Tell a past run's events again; return how many bytes of a torn last line were left out."""
    replayed = replay(journal_of(word, environ))
    receivers = tuple(sinks)
    for event in replayed:
        for sink in receivers:
            sink.handle(event)
    return replayed.torn_bytes


def check(word: str, environ: Mapping[str, str]) -> Verdict:
    """Prove that a journal is whole and unchanged; InputError where it is not."""
    return verify(journal_of(word, environ))
