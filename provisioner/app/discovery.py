"""Takes snapshots of hosts: one shell script a host, all hosts at once, nothing written there, no Python needed."""

from __future__ import annotations

import os
import secrets
import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from provisioner import __version__
from provisioner.app.credentials import Credentials
from provisioner.app.keeping import worker_sources
from provisioner.app.run import NothingToDo, with_settings
from provisioner.app.wiring import Loaded, compiled_plays, load_hosts
from provisioner.diagnostics.errors import InputError, TargetError, Unreachable
from provisioner.discovery import archive
from provisioner.discovery.archive import Archive
from provisioner.discovery.probing import Answer, Wanted, script, snapshot_of
from provisioner.discovery.snapshot import Snapshot, Taken, load
from provisioner.execution.connecting import Route
from provisioner.execution.context import PlayContext, RunContext
from provisioner.execution.fact_cache import open_cache
from provisioner.execution.inventory_state import InventoryState
from provisioner.loading.patterns import select
from provisioner.loading.variables import LOCAL
from provisioner.model.call import Reply
from provisioner.model.keywords import Keywords
from provisioner.model.options import RunOptions
from provisioner.records import dataclass
from provisioner.transport.links import Limits
from provisioner.transport.sessions import Sessions

PATIENCE_S = 180.0
"""How long a host may take beyond the time for which it is watched."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Discovered:
    """What came of asking hosts: snapshots by host, and what went wrong with the others."""

    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, Archive] = field(default_factory=dict)


def discover(
    patterns: Sequence[str], wanted: Wanted, options: RunOptions, credentials: Credentials, tell: Tell
) -> Discovered:
    """Take a snapshot of every host that the patterns match; a host that cannot be asked does not hurt the others.

    With ``wanted.files`` the contents of changed and unmanaged files come along.
    """
    return discover_on(routes_to(patterns, options, credentials), wanted, tell)


def discover_on(routes: Mapping[str, Route], wanted: Wanted, tell: Tell) -> Discovered:
    """Take snapshots of hosts that are reached by these routes."""
    token = secrets.token_hex(8)
    text = script(wanted, token)
    sessions = Sessions(worker_sources(), Limits(), tell)
    archives: dict[str, Archive] = {}
    problems: dict[str, str] = {}
    try:
        found = _asked(sessions, routes, {host: text for host in routes}, PATIENCE_S + wanted.watch_s)
        snapshots = _snapshots(routes, found, token, problems)
        if wanted.files:
            scripts = {host: archive.script(archive.wanted_paths(each)) for host, each in snapshots.items()}
            fetched = _asked(sessions, {host: routes[host] for host in snapshots}, scripts, PATIENCE_S)
            archives = _archives(fetched, problems)
    finally:
        sessions.close()
    return Discovered(snapshots, problems, archives)


def _snapshots(
    routes: Mapping[str, Route], found: Mapping[str, Answer | str], token: str, problems: dict[str, str]
) -> dict[str, Snapshot]:
    snapshots = {}
    for host, route in routes.items():
        said = found[host]
        if isinstance(said, str):
            problems[host] = said
            continue
        taken = Taken(round(said.heard_at, 3), round(said.seconds, 3), "", __version__)
        try:
            snapshots[host] = snapshot_of(host, route.target.address, said, token, taken)
        except ValueError as error:
            problems[host] = f"host {host}: {error}"
    return snapshots


def _archives(fetched: Mapping[str, Answer | str], problems: dict[str, str]) -> dict[str, Archive]:
    archives = {}
    for host, said in fetched.items():
        try:
            if isinstance(said, str):
                raise ValueError(said)
            archives[host] = archive.read_tar(said.out.encode("utf-8", "surrogateescape"))
        except ValueError as error:
            last = said.err.strip().splitlines()[-1:] if isinstance(said, Answer) else []
            problems[host] = f"host {host}: contents of files were not fetched: {' '.join([str(error), *last])}"
    return archives


def routes_to(patterns: Sequence[str], options: RunOptions, credentials: Credentials) -> dict[str, Route]:
    """Return how the hosts of patterns are reached, by the variables of the inventory and the options."""
    loaded = load_hosts(options, credentials)
    hosts = select(loaded.inventory, ",".join(patterns))
    names = [*hosts, *(each for each in patterns if each in LOCAL and each not in hosts)]
    if options.limit:
        kept = set(select(loaded.inventory, options.limit))
        names = [name for name in names if name in kept]
    if not names:
        raise NothingToDo(f"no host of the inventory matches {','.join(patterns)}")
    context = _context(loaded, with_settings(options, loaded), credentials)
    return {name: context.route(name, Keywords(), context.scope(name)) for name in names}


def _context(loaded: Loaded, options: RunOptions, credentials: Credentials) -> PlayContext:
    safe_names = loaded.loading.inventory.group_names in ("always", "silently")
    hosts = InventoryState(loaded.inventory, loaded.beside.of, has_safe_names=safe_names)
    run = RunContext(
        options, hosts, loaded.renderer, loaded.loading, "", Path(os.devnull),
        credentials.redactor.learn, lambda: loaded.inventory, cache=open_cache(options.policy.cache),
    )  # fmt: skip
    return PlayContext(run, compiled_plays(loaded, options)[0], (), tuple(loaded.inventory.hosts))


class _Hearing:
    """Waits for one host: when its first word came, and what it said in the end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.heard_at = 0.0
        self.reply = Reply()
        self._began = time.time()

    def hear(self, _stream: str, _text: str) -> None:
        """Note when the first output came."""
        self.heard_at = self.heard_at or time.time()

    def done(self, reply: Reply) -> None:
        """Take the end."""
        self.reply = reply
        self.over.set()

    def answer(self) -> Answer | str:
        """Return what the host said, or what went wrong."""
        if isinstance(self.reply.error, TargetError):
            return str(self.reply.error)
        if self.reply.result is None:
            return f"{self.reply.error}"
        out, err = (str(self.reply.result.get(name) or "") for name in ("stdout", "stderr"))
        return Answer(out, err, self.heard_at or self._began, self.reply.seconds)


def _sent(text: str, route: Route) -> tuple[str, bytes]:
    """Return the command line and its input. Where a terminal is needed for a password, the script is an argument."""
    if route.become is not None and route.become.method == "doas" and route.become.password is not None:
        return f"stty -opost </dev/tty; sh -c {shlex.quote(text)} </dev/null 2>/dev/null", b""
    return "sh -s", text.encode()


def _asked(
    sessions: Sessions, routes: Mapping[str, Route], scripts: Mapping[str, str], patience_s: float
) -> dict[str, Answer | str]:
    """Send a script to each host and wait for all."""
    hearings = {host: _Hearing() for host in routes}
    for host, route in routes.items():
        hearing = hearings[host]
        line, stdin = _sent(scripts[host], route)
        sessions.raw(route.target, route.become, line, hearing.done, hearing.hear, stdin=stdin)
    deadline = time.monotonic() + patience_s
    for hearing in hearings.values():
        hearing.over.wait(max(0.0, deadline - time.monotonic()))
    late = f"no answer within {patience_s:g} s"
    return {host: each.answer() if each.over.is_set() else f"host {host}: {late}" for host, each in hearings.items()}


def snapshots_of(
    subjects: Sequence[str], options: RunOptions, credentials: Credentials, tell: Tell
) -> tuple[Snapshot, ...]:
    """Return snapshots by file or, where there is no such file, of hosts as they are now."""
    files = {each: load(Path(each)) for each in subjects if Path(each).is_file()}
    hosts = [each for each in subjects if each not in files]
    for each in hosts:
        if each.endswith(".json") or "/" in each:
            raise InputError.at(None, f"there is no snapshot {each}", hint="'provisioner discover' takes one")
    found = discover(hosts, Wanted(), options, credentials, tell) if hosts else Discovered()
    if found.problems:
        raise Unreachable("\n".join(found.problems.values()))
    missing = [each for each in hosts if each not in found.snapshots]
    if missing:
        raise InputError.at(None, f"{missing[0]} is no host of the inventory and no file")
    return tuple(files[each] if each in files else found.snapshots[each] for each in subjects)
