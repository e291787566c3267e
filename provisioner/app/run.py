"""Runs playbooks: loads everything, plans the graphs, connects, executes, records. The main use case."""

from __future__ import annotations

import getpass
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from provisioner import __version__
from provisioner.app.credentials import Credentials
from provisioner.app.wiring import Ask, Loaded, SystemClock, compiled_plays, load, load_module, reload_inventory
from provisioner.diagnostics.errors import Exit, ProvisionerError, UnmetNeed
from provisioner.execution.context import RunContext
from provisioner.execution.course import Course
from provisioner.execution.executor import Surroundings
from provisioner.execution.inventory_state import InventoryState
from provisioner.execution.ports import EventSink
from provisioner.graph.compile import CompiledPlay
from provisioner.journal.journal import Journal
from provisioner.journal.places import new_run_id, runs_dir
from provisioner.journal.redaction import Redactor
from provisioner.loading.patterns import select
from provisioner.model import event
from provisioner.model.options import RunOptions
from provisioner.reporting.recap import Recap
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.links import Limits
from provisioner.transport.sessions import Sessions

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NothingToDo(ProvisionerError):
    """What was asked for matches no host; exit code 1."""


class Stream:
    """Where events go: redacted once, then to the journal, the recap and everybody who shows something."""

    def __init__(self, redactor: Redactor, journal: Journal, sinks: Sequence[EventSink]) -> None:
        self._redactor, self._journal, self._sinks = redactor, journal, list(sinks)
        self.recap = Recap()
        self.failure: ProvisionerError | None = None
        self.stop: Callable[[], None] = lambda: None

    def handle(self, happened: event.Event) -> None:
        """Take one event."""
        clean = self._redactor.event(happened)
        self._recorded(lambda: self._journal.write(clean))
        self.show(clean)

    def idle(self) -> None:
        """Use a quiet moment."""
        self._recorded(self._journal.tick)

    def _recorded(self, write: Callable[[], None]) -> None:
        """Write; where the journal cannot be written any more, begin nothing else, but still show what is done."""
        if self.failure is not None:
            return
        try:
            write()
        except UnmetNeed as error:
            self.failure = error
            self.stop()

    def show(self, clean: event.Event) -> None:
        """Pass on an event that is redacted and recorded already."""
        self.recap.add(clean)
        for sink in list(self._sinks):
            try:
                sink.handle(clean)
            except BrokenPipeError:
                self._sinks.remove(sink)  # whoever read the output went away; the run and its record go on


class Asking:
    """The person at the terminal, as the executor's port."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.is_open = False

    def ask(self, text: str, *, echo: bool, timeout_s: float) -> str:
        """Return what was typed; nothing where nobody is there."""
        del timeout_s
        try:
            return self._put(text, not echo)
        except UnmetNeed:
            return ""

    def confirm_step(self, title: str, host: str) -> bool:
        """Ask whether a task shall run."""
        return self._put(f"Perform task: {title} on {host} (y/n): ", False).strip().lower() in {"y", "yes", ""}

    def _put(self, text: str, is_hidden: bool) -> str:
        self.is_open = True
        try:
            return self._ask(text, is_hidden)
        finally:
            self.is_open = False


def run_playbooks(
    paths: Sequence[str], options: RunOptions, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask
) -> int:
    """Run the playbooks and return the exit code; InputError before any host is touched where the input is wrong."""
    loaded = load(paths, options, credentials)
    return run_loaded(loaded, with_settings(options, loaded), credentials, sinks, ask)


def run_module(
    pattern: str,
    module: tuple[str, str],
    options: RunOptions,
    credentials: Credentials,
    sinks: Sequence[EventSink],
    ask: Ask,
) -> int:
    """Run one module, ``(name, arguments as text)``, on the hosts of ``pattern``; return the exit code."""
    loaded = load_module(pattern, module, options, credentials)
    return run_loaded(loaded, with_settings(options, loaded), credentials, sinks, ask)


def with_settings(options: RunOptions, loaded: Loaded) -> RunOptions:
    """Return the options with settings from configuration files below them."""
    settings, plain = loaded.settings, RunOptions()
    return replace(
        options,
        remote_user=options.remote_user or settings.remote_user,
        private_key=options.private_key or settings.private_key_file,
        forks=settings.forks if settings.forks and options.forks == plain.forks else options.forks,
        timeout_s=settings.timeout_s
        if settings.timeout_s and options.timeout_s == plain.timeout_s
        else options.timeout_s,
        force_handlers=options.force_handlers or settings.force_handlers,
        host_key_checking="no"
        if not settings.host_key_checking and options.host_key_checking == "yes"
        else options.host_key_checking,
        connection_password=options.connection_password,
    )


def run_loaded(
    loaded: Loaded, options: RunOptions, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask
) -> int:
    """Run what was loaded."""
    _check_limit(loaded, options)
    clock = SystemClock()
    plays = compiled_plays(loaded, options)
    started = _started(loaded, options, clock.now())
    folder = runs_dir(os.environ) / started.run
    clean = credentials.redactor.event(started)
    if not isinstance(clean, event.RunStarted):
        raise TypeError("redaction changed the kind of an event")
    journal = Journal.create(folder, clean)
    stream = Stream(credentials.redactor, journal, sinks)
    stream.show(clean)
    for warning in loaded.warnings:
        stream.handle(event.Noted("warning", warning.render(), clock.now()))
    sessions = Sessions(ModuleSources(), Limits(), notice=lambda text: _note(stream, clock, text))
    scratch = folder / "scratch"
    scratch.mkdir(mode=0o700)
    context = RunContext(
        options, InventoryState(loaded.inventory), loaded.renderer, loaded.loading, started.run, scratch,
        credentials.redactor.learn, lambda: reload_inventory(loaded, options),
    )  # fmt: skip
    reason = ""
    with ThreadPoolExecutor(max_workers=16, thread_name_prefix="local") as threads:
        asking = Asking(ask)
        course = Course(context, Surroundings(sessions, clock, asking, threads, stream.idle), stream)
        stream.stop = course.stop
        try:
            reason = _play_all(course, plays, asking)
        finally:
            sessions.close()
            _remove(scratch)
            code = _finish(stream, started, clock, course, reason)
            if stream.failure is None:
                journal.close()
    if stream.failure is not None:
        raise stream.failure
    return code


def _check_limit(loaded: Loaded, options: RunOptions) -> None:
    """Refuse a limit that leaves nothing: a typing mistake there must not look like success."""
    if options.limit and not select(loaded.inventory, options.limit):
        raise NothingToDo(f"--limit {options.limit} leaves no host to work on")


def _play_all(course: Course, plays: Sequence[CompiledPlay], asking: Asking) -> str:
    """Run the plays; return why it ended early, or nothing."""
    with _interrupts(course, asking):
        for compiled in plays:
            if not course.play(compiled):
                break
    return "stopped by the user" if course.stopping else ""


def _finish(stream: Stream, started: event.RunStarted, clock: SystemClock, course: Course, reason: str) -> int:
    stats = stream.recap.stats
    code = int(_exit_code(course))
    if course.stopping and not reason:
        reason = "ended at once by the user"
    stream.handle(event.RunFinished(started.run, code, clock.now(), clock.now() - started.at, stats, reason))
    return code


def _exit_code(course: Course) -> Exit:
    """Return what the run exits with: what counts is which hosts are out at the end (see meta clear_host_errors)."""
    if course.stopping:
        return Exit.INTERRUPTED
    if course.run.unreachable_hosts:
        return Exit.HOSTS_UNREACHABLE
    return Exit.HOSTS_FAILED if course.run.failed_hosts else Exit.OK


def _remove(scratch: Path) -> None:
    for path in scratch.iterdir():
        path.unlink()
    scratch.rmdir()


def _note(stream: Stream, clock: SystemClock, text: str) -> None:
    stream.handle(event.Noted("warning", text, clock.now()))


def _started(loaded: Loaded, options: RunOptions, at: float) -> event.RunStarted:
    shown = {
        "check": options.check,
        "diff": options.diff,
        "limit": options.limit,
        "tags": list(options.tags),
        "skip_tags": list(options.skip_tags),
        "forks": options.forks,
        "extra_vars": dict(options.extra_vars),
    }
    return event.RunStarted(
        new_run_id(at), at, __version__, loaded.playbook.paths, options.inventories, getpass.getuser(), shown
    )


@contextmanager
def _interrupts(course: Course, asking: Asking) -> Iterator[None]:
    """Ctrl-C, SIGTERM or a closed terminal once lets what runs finish and stops; a second time stops at once.

    The second is obeyed between two steps, so that no record is cut in the middle; the third wherever we are. An open
    question is given up at the first.
    """
    count = 0

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        course.stop()
        if asking.is_open or count > 2 or (count > 1 and not course.abandon()):
            raise KeyboardInterrupt

    wanted = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupted) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
