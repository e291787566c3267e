"""Runs playbooks: loads everything, plans the graphs, connects, executes, records. The main use case."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from provisioner.app.credentials import Credentials
from provisioner.app.keeping import worker_sources
from provisioner.app.retry_file import write_retry_file
from provisioner.app.settled import settled
from provisioner.app.start import run_started
from provisioner.app.stream import Stream
from provisioner.app.wiring import Ask, Loaded, Single, SystemClock, compiled_plays, load, load_module, reload_inventory
from provisioner.diagnostics.errors import Exit, InputError, ProvisionerError, UnmetNeed
from provisioner.diagnostics.home import expanded
from provisioner.execution.connection_plugins import ConnectionPlugins
from provisioner.execution.context import Guidance, RunContext
from provisioner.execution.course import Course
from provisioner.execution.executor import Surroundings
from provisioner.execution.fact_cache import open_cache
from provisioner.execution.inventory_state import InventoryState
from provisioner.execution.ports import EventSink
from provisioner.graph.compile import CompiledPlay
from provisioner.journal.journal import Journal
from provisioner.journal.kept import Kept, seal_key
from provisioner.journal.ledger import ledger
from provisioner.journal.places import runs_dir
from provisioner.loading.patterns import select
from provisioner.loading.sealed import needed_but_sealed
from provisioner.model import event
from provisioner.model.options import RunOptions
from provisioner.model.question import OneKey
from provisioner.transport.identity import Identity
from provisioner.transport.links import Limits
from provisioner.transport.plugin_process import PluginHosts
from provisioner.transport.sessions import Sessions

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OUT_OF_TIME = signal.SIGUSR1
TRACING = 3
"""The verbosity from which commands on hosts are shown."""


NO_HOSTS = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target."
"""What Ansible says where nothing is left to work on."""


class NothingToDo(ProvisionerError):
    """What was asked for matches no host; exit code 1."""


class Interjected(Exception):
    """Somebody pressed Ctrl-C at the question of a pause, which is left for the one whether to go on."""


class Asking:
    """The person at the terminal, as the executor's port."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.is_open = self.is_pause = False

    def ask(self, text: str, *, echo: bool, timeout_s: float) -> str:
        """Return what was typed; nothing where nobody is there."""
        del timeout_s
        try:
            return self._put(text, not echo)
        except UnmetNeed:
            return ""

    def pause(self, text: str, *, echo: bool) -> str | None:
        """Return what was typed to go on; None where the person wants to abort instead."""
        self.is_pause = sys.stdin is not None and sys.stdin.isatty()
        try:
            return self.ask(text, echo=echo, timeout_s=0)
        except Interjected:
            self.is_pause = False
            return "" if self.goes_on() else None
        finally:
            self.is_pause = False

    def goes_on(self) -> bool:
        """Ask whether a pause that was interrupted goes on; where nobody is there any more it does not."""
        question = OneKey("Press 'C' to continue the play or 'A' to abort \n", "CA")
        try:
            return self._put(question, False) == "C"
        except UnmetNeed:
            return False

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


def _refuse_migrations(loaded: Loaded) -> None:
    """Refuse to run as a play what is walked from gate to gate."""
    for each in loaded.playbook.migrations:
        raise InputError.at(each.position, f"migration '{each.name}' is a life cycle, not a play",
                            hint=f"provisioner migrate run {each.name} -d {each.path}")  # fmt: skip


def run_module(
    pattern: str,
    single: Single,
    options: RunOptions,
    credentials: Credentials,
    sinks: Sequence[EventSink],
    ask: Ask,
) -> int:
    """Run one module on the hosts of ``pattern``; return the exit code."""
    loaded = load_module(pattern, single, options, credentials)
    return run_loaded(loaded, with_settings(options, loaded), credentials, sinks, ask)


def with_settings(options: RunOptions, loaded: Loaded) -> RunOptions:
    """Return the options with settings from configuration files below them."""
    return settled(options, loaded.settings)


def run_loaded(
    loaded: Loaded,
    options: RunOptions,
    credentials: Credentials,
    sinks: Sequence[EventSink],
    ask: Ask,
    guidance: Guidance | None = None,
) -> int:
    """Run what was loaded, guided by an earlier run or a plan where there is one."""
    _refuse_migrations(loaded)
    guidance = guidance or Guidance()
    recall = guidance.recall
    _check_hosts(loaded, options)
    clock = SystemClock()
    plays = compiled_plays(loaded, options)
    started = run_started(loaded, options, clock.now(), recall)
    folder = runs_dir(os.environ) / started.run
    stream = _open(folder, started, credentials, sinks)
    for path, digest in recall.files.items() if recall else ():
        stream.handle(event.FileRead(path, digest, clock.now()))
    for warning in loaded.warnings:
        stream.handle(event.Noted("warning", warning.note(), clock.now(), brief=warning.known_as or warning.summary))
    loaded.remarks.listen(lambda remark: _note(stream, clock, remark.note(), remark.known_as or remark.summary))
    identity = _identity(started, options)
    plugins = PluginHosts(partial(_shown, stream, clock), traces=options.verbosity >= TRACING)
    sessions = Sessions(worker_sources(), Limits(), lambda text: _note(stream, clock, text), identity, plugins)
    scratch = folder / "scratch"
    scratch.mkdir(mode=0o700)
    safe_names = loaded.loading.inventory.group_names in ("always", "silently")
    hosts = InventoryState(loaded.inventory, loaded.beside.of, has_safe_names=safe_names)
    context = RunContext(
        options, hosts, loaded.renderer, loaded.loading, started.run, scratch,
        credentials.redactor.learn, lambda: reload_inventory(loaded, options),
        cache=open_cache(options.policy.cache), recall=recall, rounds=dict(recall.tried) if recall else {},
        owed={} if recall else _owed(loaded, options),
        foresight=guidance.foresight, allowed=guidance.allowed,
    )  # fmt: skip
    context.plugins = _connection_plugins(loaded, context, plugins)
    if options.flush_cache:
        for host in loaded.inventory.hosts:
            context.cache.forget(host)
    reason = ""
    with ThreadPoolExecutor(max_workers=16, thread_name_prefix="local") as threads:
        asking = Asking(ask)
        course = Course(context, Surroundings(sessions, clock, asking, threads, stream.idle), stream)
        stream.stop = course.stop
        try:
            reason = _play_all(course, plays, asking, options.max_time_s)
        finally:
            sessions.close(keeps_records=_may_be_asked_again(stream, course))
            _remove(scratch)
            _leave_retry_file(stream, clock, course, started)
            code = _finish(stream, started, clock, course, reason)
            stream.close()
    if stream.failure is not None:
        raise stream.failure
    return code


def _may_be_asked_again(stream: Stream, course: Course) -> bool:
    """Tell whether hosts are to keep their records of the run: somebody may want to know what is not in the journal."""
    return stream.failure is not None or course.stopping or bool(course.run.unreachable_hosts)


def _check_hosts(loaded: Loaded, options: RunOptions) -> None:
    """Refuse a limit that leaves nothing, as a typing mistake must not look like success, and sealed variables."""
    if options.limit and not select(loaded.inventory, options.limit):
        raise NothingToDo(f"--limit {options.limit} leaves no host to work on")
    if sealed := needed_but_sealed(loaded.playbook.plays, loaded.inventory, options.limit):
        raise InputError(sealed)


def _play_all(course: Course, plays: Sequence[CompiledPlay], asking: Asking, max_time_s: float) -> str:
    """Run the plays; return why it ended early, or nothing."""
    with _interrupts(course, asking), course.limits.within(max_time_s, "the run"):
        for compiled in plays:
            if not course.play(compiled):
                break
    return (course.limits.exceeded or "stopped by the user") if course.stopping else course.held


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hear no signal while the end of the run is put on record: all is done, and what is pressed now comes too late."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@_undisturbed()
def _finish(stream: Stream, started: event.RunStarted, clock: SystemClock, course: Course, reason: str) -> int:
    stats = stream.recap.stats
    code = int(_exit_code(course))
    if course.stopping and not reason:
        exceeded = course.limits.exceeded
        reason = f"{exceeded}; what did not end then was left" if exceeded else "ended at once by the user"
    seconds, figures = clock.now() - started.at, course.run.stats
    stream.handle(event.RunFinished(started.run, code, clock.now(), seconds, stats, reason, figures))
    return code


def _leave_retry_file(stream: Stream, clock: SystemClock, course: Course, started: event.RunStarted) -> None:
    """Write the hosts that failed for a next run's limit, where the settings want that."""
    out = course.run.failed_hosts | course.run.unreachable_hosts
    try:
        path = write_retry_file(started.playbooks, course.run.options.policy.retry_folder, out)
    except OSError as error:
        _note(stream, clock, f"the hosts that failed could not be written for --limit: {error}")
        return
    if path is not None:
        stream.handle(event.Noted("note", f"to retry, use: --limit @{path}", clock.now()))


def _exit_code(course: Course) -> Exit:
    """Return what the run exits with: what counts is which hosts are out at the end (see meta clear_host_errors)."""
    if course.stopping:
        return Exit.INTERRUPTED
    if course.run.unreachable_hosts:
        return Exit.HOSTS_UNREACHABLE
    if course.run.failed_hosts - course.run.set_aside:
        return Exit.HOSTS_FAILED
    return Exit.WINDOW_SHUT if course.held else Exit.OK


def _remove(scratch: Path) -> None:
    for path in scratch.iterdir():
        path.unlink()
    scratch.rmdir()


def _connection_plugins(loaded: Loaded, context: RunContext, hosts: PluginHosts) -> ConnectionPlugins:
    folders = loaded.settings.configuration.texts("DEFAULT_CONNECTION_PLUGIN_PATH")
    absolute = tuple(str(expanded(each).absolute()) for each in folders)
    return ConnectionPlugins(context.bridge, hosts, absolute, context.options.verbosity)


def _note(stream: Stream, clock: SystemClock, text: str, brief: str = "") -> None:
    stream.handle(event.Noted("warning", text, clock.now(), brief=brief))


def _shown(stream: Stream, clock: SystemClock, text: str, warns: bool) -> None:
    """Show what a connection plugin says, or what runs on a host without a lasting worker."""
    stream.handle(event.Noted("warning" if warns else "trace", text, clock.now()))


def _open(folder: Path, started: event.RunStarted, credentials: Credentials, sinks: Sequence[EventSink]) -> Stream:
    """Begin the run's record; what it says is shown from now on."""
    clean = credentials.redactor.event(started)
    if not isinstance(clean, event.RunStarted):
        raise TypeError("redaction changed the kind of an event")
    journal = Journal.create(folder, clean)
    kept = Kept(folder, os.environ)
    if clean is not started:
        kept.keep(journal.number, started)
    stream = Stream(credentials.redactor, journal, kept, sinks)
    stream.show(clean)
    return stream


def _owed(loaded: Loaded, options: RunOptions) -> dict[str, tuple[str, ...]]:
    """Return by host the handlers that earlier runs of these playbooks left owing."""
    if not options.pays_owed or options.check:
        return {}
    paths = tuple(str(Path.cwd() / path) for path in loaded.playbook.paths)
    with ledger(os.environ) as book:
        found = {host: tuple(each.handler for each in book.owed(host, paths)) for host in book.hosts}
    return {host: names for host, names in found.items() if names}


def _identity(started: event.RunStarted, options: RunOptions) -> Identity:
    owner = f"{started.user}@{socket.gethostname()}"
    reason = ", ".join(started.playbooks) or "a single task"
    record = str(started.options.get("record", started.run))
    is_mine = options.exclusive and not options.check
    seal = seal_key(record, os.environ)
    return Identity(started.run, record, owner, reason, started.at, is_mine, options.reconnect_s, seal)


@contextmanager
def _interrupts(course: Course, asking: Asking) -> Iterator[None]:
    """Ctrl-C, SIGTERM or a closed terminal once lets what runs finish and stops; a second time stops at once.

    Ctrl-C in a pause asks whether to go on, where somebody is there to answer; at that question it is as anywhere else.
    The second is obeyed between two steps, so that no record is cut in the middle; the third wherever we are. An open
    question is given up at the first. A time limit that is over presses the same way, by a signal to ourselves, which
    wakes this thread whatever it waits for.
    """
    count = 0

    def interrupted(number: int, _frame: FrameType | None) -> None:
        nonlocal count
        if number == signal.SIGINT and not count:
            if asking.is_pause:
                raise Interjected
            if not asking.is_open and sys.stdin is not None and sys.stdin.isatty() and course.interject():
                return
        count += 1
        course.stop()
        if asking.is_open or count > 2 or (count > 1 and not course.abandon()):
            raise KeyboardInterrupt

    wanted = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN] + [OUT_OF_TIME]
    before = {number: signal.signal(number, interrupted) for number in wanted}
    course.limits.press = partial(os.kill, os.getpid(), OUT_OF_TIME)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
