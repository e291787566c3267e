"""Goes on with a run that was interrupted or failed: what is done is taken over, the rest is done now."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.history import LAST, journal_of
from provisioner.app.run import run_loaded, with_settings
from provisioner.app.start import checksum, options_of
from provisioner.app.wiring import Ask, load
from provisioner.diagnostics.errors import InputError
from provisioner.execution.context import Guidance
from provisioner.execution.files import FileCache
from provisioner.execution.ports import EventSink
from provisioner.journal.ledger import is_living
from provisioner.journal.places import FILE
from provisioner.journal.recall import read_recall
from provisioner.journal.replay import ends
from provisioner.model.options import RunOptions
from provisioner.model.recall import STOP, Recall
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Resuming:
    """How to resume: ``adopt`` a playbook that changed since, what to do with the ``unknown``, and new passwords."""

    adopt: bool = False
    unknown: str = STOP
    connection_password: str | None = None
    become_password: str | None = None
    max_time_s: float | None = None
    """Another time limit than the run had; None is the same, counted anew."""
    ignore_window: str = ""
    """Why plays may start outside their windows; what the run was told then does not count any more."""


def resume(word: str, how: Resuming, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask) -> int:
    """Resume the run that ``word`` names and return the exit code.

    InputError where there is nothing to resume, the run is still going on, or its playbook is another one now.
    """
    path = _newest() if word == LAST else journal_of(word, os.environ)
    _refuse_living(path)
    _refuse_resumed(path)
    recall = read_recall(path, os.environ)
    _refuse_finished(recall)
    os.chdir(str(recall.started.options.get("folder", ".")))
    if how.adopt:
        _adopt_files(recall)
    else:
        _refuse_changed(recall)
    recall.settle(how.unknown)
    options = _options(recall, how)
    loaded = load(recall.started.playbooks, options, credentials)
    return run_loaded(loaded, with_settings(options, loaded), credentials, sinks, ask, Guidance(recall=recall))


def _options(recall: Recall, how: Resuming) -> RunOptions:
    changes: dict[str, object] = {
        "connection_password": how.connection_password, "become_password": how.become_password,
        "ignore_window": how.ignore_window,
    }  # fmt: skip
    if how.max_time_s is not None:
        changes["max_time_s"] = how.max_time_s
    return replace(options_of(recall.started), **changes)  # type: ignore[arg-type]


def _newest() -> Path:
    """Return the journal of the newest run that began: one without a whole first line did nothing."""
    newest = journal_of(LAST, os.environ)
    for path in sorted(newest.parent.parent.glob(f"*/{FILE}"), reverse=True):
        with path.open("rb") as stream:
            if stream.readline().endswith(b"\n"):
                return path
    return newest


def _refuse_resumed(path: Path) -> None:
    """Refuse to go on twice from the same place: what was done since stands in the later run's journal."""
    run = path.parent.name
    for other in sorted(path.parent.parent.glob(f"*/{FILE}"), reverse=True):
        if other.parent.name <= run:
            return
        try:
            resumed = ends(other).started.options.get("resumes")
        except InputError:
            continue
        if resumed == run:
            text = f"run {run} was resumed already, as run {other.parent.name}"
            raise InputError.at(None, text, hint=f"go on with that one: provisioner resume {other.parent.name}")


def _refuse_living(path: Path) -> None:
    if is_living(path):
        raise InputError.at(None, f"run {path.parent.name} is still going on")


def _refuse_finished(recall: Recall) -> None:
    run = recall.started.run
    if recall.finished is not None and recall.finished.exit_code == 0:
        raise InputError.at(None, f"run {run} came to its end and all went well: there is nothing to resume")
    if "inputs" not in recall.started.options or not recall.started.playbooks or recall.started.options.get("check"):
        raise InputError.at(None, f"run {run} cannot be resumed", detail="only runs of playbooks that change hosts can")


def _refuse_changed(recall: Recall) -> None:
    inputs = recall.started.options["inputs"]
    changed = [name for name, before in dict(inputs).items() if checksum(name) != before]  # type: ignore[call-overload]
    changed += [name for name, before in recall.files.items() if _is_other(Path(name), before)]
    if changed:
        raise InputError.at(
            None,
            f"what run {recall.started.run} was started with has changed since",
            detail="\n".join(f"changed: {name}" for name in changed),
            hint="start anew with 'provisioner run', or go on with what it is now: --adopt",
        )


def _adopt_files(recall: Recall) -> None:
    """Take the files that were sent for what they are now."""
    for name in recall.files:
        if Path(name).is_file():
            recall.files[name] = FileCache().file(Path(name)).checksum


def _is_other(path: Path, before: str) -> bool:
    """Tell whether a file that was sent has other content now; one that is gone says so where it is needed."""
    return path.is_file() and FileCache().file(path).checksum != before
