"""Makes plans, and carries them out: nothing else is changed, and nothing where the host is not as it was foreseen."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from provisioner.app.credentials import Credentials
from provisioner.app.run import run_loaded, with_settings
from provisioner.app.start import checksum, fingerprint, options_of, run_started
from provisioner.app.wiring import Ask, Loaded, load
from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.execution.context import Guidance
from provisioner.execution.foresight import Foresight
from provisioner.execution.ports import EventSink
from provisioner.journal.places import FILE, runs_dir
from provisioner.journal.redaction import MASK
from provisioner.journal.replay import ends, replay
from provisioner.model.event import Event, OperationFinished, OperationPlanned, RunStarted
from provisioner.model.options import RunOptions
from provisioner.model.plan import UNKNOWN, Foreseen, Plan
from provisioner.model.status import Status
from provisioner.records import dataclass

VERSION = 1
VOLATILE = frozenset(
    {
        "start",
        "end",
        "delta",
        "elapsed",
        "seconds",
        "invocation",
        "warnings",
        "deprecations",
        "cache_update_time",
        "pid",
    }
)
STATUSES = {Status.CHANGED: "changed", Status.OK: "ok", Status.SKIPPED: "skipped", Status.IGNORED: "ok"}


class Collector:
    """A sink that gathers what a run in check mode foresees."""

    def __init__(self) -> None:
        self._planned: dict[str, OperationPlanned] = {}
        self.started: RunStarted | None = None
        self.foreseen: list[Foreseen] = []
        self.unreached: dict[str, None] = {}
        self.failed: dict[str, str] = {}

    def handle(self, event: Event) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self.started = event
            case OperationPlanned():
                self._planned[event.operation] = event
            case OperationFinished(status=Status.UNREACHABLE | Status.LOST):
                self.unreached[event.host] = None
            case OperationFinished():
                self._finished(event)

    def _finished(self, event: OperationFinished) -> None:
        planned = self._planned.get(event.operation)
        label, why, acts = _foreseen(event)
        if planned is None or not label:
            return
        if event.status is Status.FAILED and not event.effects.get("rescued"):
            self.failed[event.host] = f"{planned.name}: {event.result.get('msg', '')}"
        status = STATUSES.get(event.status, "failed")
        digest = _digest(event.result) if status == "changed" or acts else ""
        what = event.operation, event.host, planned.name, planned.action, planned.where
        self.foreseen.append(Foreseen(*what, status, label, why, digest, acts=acts))


def make_plan(
    paths: Sequence[str], options: RunOptions, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask
) -> Plan:
    """Run the playbooks in check mode and return what a run would change."""
    loaded = load(paths, replace(options, check=True, diff=True), credentials)
    return _plan(loaded, options, credentials, sinks, ask)


def _plan(loaded: Loaded, options: RunOptions, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask) -> Plan:
    collector = Collector()
    looking = replace(options, check=True, diff=True, exclusive=False)
    run_loaded(
        loaded, with_settings(looking, loaded), credentials, [collector, *sinks], ask, Guidance(foresight=Foresight())
    )
    told = run_started(loaded, options, time.time(), None)
    clean = credentials.redactor.event(told)
    options_told = clean.options if isinstance(clean, RunStarted) else {}
    foreseen = _with_drift(collector.foreseen, loaded)
    return Plan(
        told.at, tuple(loaded.playbook.paths), told.inventories, options_told,
        tuple(foreseen), tuple(collector.unreached), collector.failed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan: the exit code, hosts that were refused and why, and how promises were kept by label.

    ``otherwise`` are the lines that came out in another way than they were proven or predicted.
    """

    code: int
    refused: Mapping[str, tuple[str, ...]]
    kept: Mapping[str, tuple[int, int]]
    otherwise: Sequence[str] = ()


def apply_plan(
    plan: Plan, options: RunOptions, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask
) -> Applied:
    """Do what the plan says: on hosts that are still as they were, and nothing that it does not say.

    InputError where playbook, inventory or variables changed since; a host whose own state changed is refused alone.
    """
    os.chdir(str(plan.options.get("folder", ".")))
    _refuse_changed(plan)
    loaded = load(plan.playbooks, options, credentials)
    now = _plan(loaded, options, credentials, (), ask)
    refused = _refused(plan, now)
    hosts = sorted({each.host for each in plan.foreseen} - set(refused))
    if not hosts:
        return Applied(2, refused, {})
    collector = Collector()
    counter = _Counter(plan)
    code = run_loaded(
        load(plan.playbooks, options, credentials),
        with_settings(replace(options, limit=",".join(hosts)), loaded),
        credentials, [collector, counter, *sinks], ask, Guidance(allowed=_permission(plan)),
    )  # fmt: skip
    return Applied(code or (2 if refused else 0), refused, counter.kept(), counter.otherwise)


class _Counter:
    """Counts, by label, how many of the plan's lines came out as foreseen."""

    def __init__(self, plan: Plan) -> None:
        self._lines = {each.place: each for each in plan.foreseen}
        self._seen: dict[str, list[bool]] = {}
        self.otherwise: list[str] = []

    def handle(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, OperationFinished) and (event.operation, event.host) in self._lines:
            line = self._lines[event.operation, event.host]
            came = STATUSES.get(event.status, "failed")
            self._seen.setdefault(line.label, []).append(came == line.status)
            if came != line.status and line.label != UNKNOWN:
                self.otherwise.append(f"{line.host}: {line.title}: {line.label} {line.status}, came out {came}")

    def kept(self) -> dict[str, tuple[int, int]]:
        """Return (as foreseen, all) by label."""
        return {label: (sum(seen), len(seen)) for label, seen in self._seen.items()}


def _permission(plan: Plan) -> Any:
    """Return whether an operation may change a host: the plan says so, or it comes from something that was open."""
    allowed = plan.allowed()
    opened = {(each.operation, each.host) for each in plan.foreseen if each.label == UNKNOWN}

    def may(operation: str, host: str) -> bool:
        parts = operation.split("/")
        above = ("/".join(parts[:number]) for number in range(1, len(parts)))
        return (operation, host) in allowed or any((each, host) in opened for each in above)

    return may


def _refused(plan: Plan, now: Plan) -> dict[str, tuple[str, ...]]:
    """Return the hosts that are not as they were when the plan was made, and what differs."""
    before = {each.place: each for each in plan.foreseen if each.label != UNKNOWN}
    after = {each.place: each for each in now.foreseen}
    found: dict[str, list[str]] = {host: ["it cannot be reached"] for host in now.unreached}
    for place, then in before.items():
        here = after.get(place)
        if here is None or (here.status, here.digest) != (then.status, then.digest):
            was, is_now = then.status, here.status if here else "not there"
            what = f"{was}, now {is_now}" if was != is_now else "changes something else now"
            found.setdefault(then.host, []).append(f"{then.title} ({then.where}): {what}")
    return {host: tuple(dict.fromkeys(lines)) for host, lines in found.items()}


def _refuse_changed(plan: Plan) -> None:
    inputs = plan.options.get("inputs")
    before = dict(inputs) if isinstance(inputs, Mapping) else {}
    changed = [name for name, then in before.items() if checksum(name) != then]
    if changed:
        raise InputError.at(
            None,
            "what the plan was made from has changed since",
            detail="\n".join(f"changed: {name}" for name in changed),
            hint="make a new plan",
        )


def _with_drift(lines: Iterable[Foreseen], loaded: Loaded) -> list[Foreseen]:
    """Mark what differs though nobody changed the files since these playbooks ran last and it was as they say."""
    last = _last_run(loaded)
    if last is None:
        return list(lines)
    settled = {
        (event.operation, event.host)
        for event in replay(last)
        if isinstance(event, OperationFinished) and event.status in {Status.OK, Status.CHANGED}
    }
    return [
        replace(each, drift=True) if each.status == "changed" and each.place in settled else each for each in lines
    ]  # fmt: skip


def _last_run(loaded: Loaded) -> Path | None:
    """Return the journal of the last run of these playbooks that changed hosts, where its files are as they are now."""
    inputs = dict(fingerprint(loaded))
    for path in sorted(runs_dir(os.environ).glob(f"*/{FILE}"), reverse=True)[:200]:
        try:
            started = ends(path).started
        except InputError:
            continue
        if tuple(started.playbooks) == tuple(loaded.playbook.paths) and not started.options.get("check"):
            return path if started.options.get("inputs") == inputs else None
    return None


def _foreseen(event: OperationFinished) -> tuple[str, str, bool]:
    """Return label, reason, and whether the module acts though that does not count as a change."""
    found = event.effects.get("foreseen")
    return (str(found[0]), str(found[1]), bool(found[2])) if isinstance(found, (list, tuple)) else ("", "", False)


def _digest(result: Mapping[str, object]) -> str:
    """Return what stands for a foreseen change: its result and diff, without what is never the same twice."""
    kept = {name: value for name, value in result.items() if name not in VOLATILE}
    text = json.dumps(kept, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def refuse_unwritable(path: Path) -> None:
    """Raise UnmetNeed where no plan can be written to ``path``, before one is made."""
    if path.is_dir():
        raise _unwritable(path, "it is a folder")
    if not path.parent.is_dir():
        raise _unwritable(path, "there is no such folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise _unwritable(path, "Permission denied")


def _unwritable(path: Path, why: str) -> UnmetNeed:
    return UnmetNeed(f"cannot write the plan {path}: {why}", "name another file with -o")


def save(plan: Plan, path: Path) -> None:
    """Write a plan to a file (0600): it names hosts and tasks, and says nothing of their content."""
    text = json.dumps({"version": VERSION, **asdict(plan)}, indent=1, default=str) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


def read_plan(path: Path) -> Plan:
    """Read a plan back; InputError where the file is none, or one of another release."""
    try:
        data = json.loads(path.read_text("utf-8"))
        if not isinstance(data, dict):
            raise TypeError(f"it is a {type(data).__name__}")
        if data.pop("version") != VERSION:
            raise InputError.at(None, f"{path} was made by another release", hint="make a new plan")
        values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in data.items()}
        values["foreseen"] = tuple(Foreseen(**each) for each in data["foreseen"])
        return Plan(**values)
    except OSError as error:
        raise InputError.at(None, f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        detail = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError.at(None, f"{path} is no plan", detail=detail, hint="provisioner plan -o FILE") from None


def options_in(plan: Plan, given: Mapping[str, object]) -> RunOptions:
    """Return the options a plan was made with, with the extra variables ``given`` now over its own.

    Passwords are in no plan. Neither are extra variables that hold secrets: InputError names those not given again.
    """
    started = RunStarted("", plan.at, "", plan.playbooks, plan.inventories, "", plan.options)
    options = options_of(started)
    variables = {**options.extra_vars, **given}
    hidden = sorted(name for name, value in variables.items() if name not in given and MASK in str(value))
    if hidden:
        raise InputError.at(
            None,
            f"the plan was made with extra variables that hold secrets, which are not in it: {', '.join(hidden)}",
            hint="give them again with -e",
        )
    return replace(options, check=False, extra_vars=variables)
