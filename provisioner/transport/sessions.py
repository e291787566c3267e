"""All sessions of a run: one worker for a host and user, one connection for a host. The transport's front door."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target

from .bootstrap import Facts
from .bundle import ModuleSources
from .identity import Identity
from .link_reach import LinkReach
from .links import Limits, Link, Notice, prepare
from .outgoing import Done, Output
from .plugin_link import PluginLink
from .plugin_process import PluginHosts
from .raw import Command, RawCommands
from .recovery import Recovery
from .script_session import ScriptSession
from .worker_session import WorkerSession

Key = tuple[Target, Become | None]
Ending = WorkerSession | RawCommands | ScriptSession


class Session(Protocol):
    """One worker on a host as one user. Every method returns at once."""

    @property
    def facts(self) -> Facts | None:
        """Return what the worker said of itself, once it is up."""

    def submit(self, request: Request, done: Done, output: Output | None = None) -> None:
        """Queue a request; ``done`` is called exactly once, from a transport thread, in order of submission."""

    def break_chain(self, chain: str, link: str) -> None:
        """Have the requests of ``chain`` that were not begun answered as dropped, but for those of ``link``."""


def _silent(_text: str) -> None:
    """Drop notices nobody asked for."""


class Sessions:
    """Makes sessions and ends them.

    ``notice`` is given warnings to show (a host key stored, an option unknown), from any thread. With an ``identity``
    hosts keep a record of what was done, and a session whose contact is lost seeks it again and goes on where it was.
    ``plugins`` runs connection plugins; a target that names one is not reached without it.
    """

    def __init__(
        self,
        sources: ModuleSources,
        limits: Limits | None = None,
        notice: Notice = _silent,
        identity: Identity | None = None,
        plugins: PluginHosts | None = None,
    ) -> None:
        self._identity, self._plugins = identity, plugins
        self._sources, self._limits, self._notice = sources, limits or Limits(), notice
        self._gate = threading.BoundedSemaphore(self._limits.connecting)
        self._lock = threading.Lock()
        self._links: dict[Target, Link] = {}
        self._workers: dict[Key, WorkerSession] = {}
        self._raws: dict[Key, RawCommands] = {}
        self._ways: dict[Target, PluginLink] = {}
        self._scripts: dict[Key, ScriptSession] = {}
        self._closed = False

    def session(self, target: Target, become: Become | None = None) -> Session:
        """Return the session of this target and user; made, and connecting by itself, when first asked for."""
        key = (target, become)
        with self._lock:
            if target.plugin is not None or target.files is not None:
                return self._script(key)
            if key not in self._workers:
                self._refuse_when_closed(target)
                link = self._link(target)
                self._workers[key] = WorkerSession(
                    target, become, link, self._sources, self._limits, self._recovery(target, become)
                )
            return self._workers[key]

    def raw(
        self,
        target: Target,
        become: Become | None,
        command: str,
        done: Callable[[Reply], None],
        output: Output | None = None,
        stdin: bytes = b"",
    ) -> None:
        """Run a command line without Python, with ``stdin`` as its input; the result is ``{rc, stdout, stderr}``.

        Commands of one target and user run in order; ``done`` is called once, from a transport thread.
        """
        key = (target, become)
        with self._lock:
            if target.plugin is not None:
                self._script(key).command(Command(command, done, output, stdin))
                return
            if key not in self._raws:
                self._refuse_when_closed(target)
                self._raws[key] = RawCommands(target, become, self._link(target))
            self._raws[key].submit(Command(command, done, output, stdin))

    def reset(self, host: str, user: str = "") -> None:
        """Drop every connection of a host; the next request connects anew. What runs there is answered as Lost.

        With ``user`` only the workers end that have become that user and have nothing to do.
        """
        if user:
            self._rest(host, user)
            return
        with self._lock:
            old = {way: link for way, link in self._links.items() if way.host == host}
            for way in old:
                self._links[way] = self._new_link(way)
            for (target, _become), worker in self._workers.items():
                if target.host == host:
                    worker.reset(self._link(target))
            for (target, _become), raw in self._raws.items():
                if target.host == host:
                    raw.link = self._link(target)
            for target, plugin_way in self._ways.items():
                if target.host == host:
                    plugin_way.reset()
        for link in old.values():
            link.close()

    def _rest(self, host: str, user: str) -> None:
        with self._lock:
            for (target, become), worker in self._workers.items():
                if target.host == host and become is not None and become.user == user and worker.is_idle:
                    worker.reset(self._link(target))

    def close(self, *, keeps_records: bool = False) -> None:
        """End everything within a bounded time. A worker busy with a request finishes it alone; its reply is Lost.

        ``keeps_records``: hosts keep what they recorded, as it could not be written down here.
        """
        with self._lock:
            self._closed = True
            ending: list[Ending] = [*self._workers.values(), *self._raws.values(), *self._scripts.values()]
            links: list[Link | PluginLink] = [*self._links.values(), *self._ways.values()]
        for each in ending:
            if isinstance(each, WorkerSession):
                each.shut(keeps_records=keeps_records)
            else:
                each.shut()
        for link in links:
            link.stop_opening()
        if not _all_ended(ending, self._limits.close_s):
            for link in links:
                link.abort()
            _all_ended(ending, self._limits.close_s)
        for link in links:
            link.abort()
        for link in links:
            link.close()
        if self._plugins is not None:
            self._plugins.close()

    def _script(self, key: Key) -> ScriptSession:
        """Return the session of a target that has no lasting worker."""
        target, become = key
        if key not in self._scripts:
            self._refuse_when_closed(target)
            if target.plugin is None:
                trace = self._plugins.trace if self._plugins is not None else _silent
                reach = LinkReach(target, partial(self._link_of, target), trace)
                self._scripts[key] = ScriptSession(target, become, self._sources, reach, batch=1)
            elif self._plugins is None:
                raise Unreachable(f"host {target.host}: connection plugins are not run here")
            else:
                way = self._ways.setdefault(target, PluginLink(target, self._plugins))
                self._scripts[key] = ScriptSession(target, become, self._sources, way)
        return self._scripts[key]

    def _link_of(self, target: Target) -> Link:
        with self._lock:
            self._refuse_when_closed(target)
            return self._link(target)

    def _recovery(self, target: Target, become: Become | None) -> Recovery | None:
        if self._identity is None:
            return None
        return Recovery(self._identity, target, become, self._renewed, self._notice)

    def _renewed(self, target: Target, broken: Link) -> Link:
        """Return a fresh way to a target in place of a broken one; whoever comes second gets what the first made."""
        with self._lock:
            self._refuse_when_closed(target)
            way = replace(target, python="auto")
            if self._links.get(way) is broken:
                self._links[way] = self._new_link(way)
            link = self._links[way]
        broken.close()
        return link

    def _link(self, target: Target) -> Link:
        way = replace(target, python="auto", files=None)  # another interpreter is no other connection
        if way not in self._links:
            prepare(target)
            self._links[way] = self._new_link(way)
        return self._links[way]

    def _new_link(self, target: Target) -> Link:
        return Link(target, self._limits, self._gate, self._notice)

    def _refuse_when_closed(self, target: Target) -> None:
        if self._closed:
            raise Unreachable(f"host {target.host}: the run is over")


def _all_ended(ending: list[Ending], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    return all([each.join(max(0.0, deadline - time.monotonic())) for each in ending])
