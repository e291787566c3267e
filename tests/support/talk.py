"""Talking to workers in tests: a module that misbehaves on request, and a session that is asked and answers."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Queue
from typing import Any

from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.identity import Identity
from provisioner.transport.links import Limits
from provisioner.transport.plugin_process import PluginHosts
from provisioner.transport.sessions import Session, Sessions

PATIENCE_S = 30.0
REMOTE = Path(__file__).parents[2] / "provisioner" / "remote"
PROBE = '''
"""Does what a test asks for."""

import hashlib
import io
import os
import sys
import time

from ..change import Change, Failed, Traits
from ..params import Parameters, optional

TRAITS = Traits(rerun=False, settles=False)


class Params(Parameters):
    """What to do, in this order."""

    out = optional("str", "Print on standard output.")
    err = optional("str", "Print on standard error.")
    emit = optional("list", "Stream these.", elements="str")
    sleep = optional("float", "Seconds to sleep.", 0.0)
    touch = optional("str", "File to make after that.")
    attach = optional("int", "Bytes of reply body.", 0)
    fail = optional("str", "Message to fail with.")


State = None


def inspect(params, system):
    return None


def plan(params, state):
    return Change(True)


def apply(change, system):
    params = change.params
    if params.out:
        print(params.out)
        sys.stdout.flush()
    if params.err:
        sys.stderr.write(params.err)
        sys.stderr.flush()
    for text in params.emit or ():
        system.emit("stdout", text)
    time.sleep(params.sleep)
    if params.touch:
        open(params.touch, "w").close()
    if params.attach:
        system.attach(io.BytesIO(b"0123456789abcdef" * (params.attach // 16)), params.attach)
    if params.fail:
        raise Failed(params.fail)
    result = {"pid": os.getpid(), "stdin": os.read(0, 1).decode(), "word": os.environ.get("PROBE_WORD", "")}
    result["cwd"] = os.getcwd()
    if system.payload:
        data = system.payload.read()
        result.update(size=len(data), sha1=hashlib.sha1(data).hexdigest())
    return result
'''


def sources_with_probe(folder: Path) -> ModuleSources:
    """Return the real worker with the module ``probe`` beside its own."""
    remote = folder / "remote"
    shutil.copytree(REMOTE, remote, ignore=shutil.ignore_patterns("__pycache__"))
    (remote / "modules" / "probe.py").write_text(PROBE, encoding="utf-8")
    return ModuleSources(remote)


class Talk:
    """Sessions with one target in mind; closed at the end of the test."""

    def __init__(
        self, sources: ModuleSources, target: Target, limits: Limits | None = None, identity: Identity | None = None
    ) -> None:
        self.target = target
        self.notices: list[str] = []
        self.shown: list[str] = []
        plugins = PluginHosts(lambda text, _warns: self.shown.append(text), traces=True)
        self.sessions = Sessions(sources, limits, self.notices.append, identity, plugins)

    def session(self, become: Become | None = None, target: Target | None = None) -> Session:
        """Return a session."""
        return self.sessions.session(target or self.target, become)

    def ask(self, request: Request, become: Become | None = None, target: Target | None = None) -> Reply:
        """Send one request and wait for its reply."""
        return self.ask_all([request], become, target)[0]

    def ask_all(
        self, requests: list[Request], become: Become | None = None, target: Target | None = None
    ) -> list[Reply]:
        """Send all ahead, then collect the replies in the order they came."""
        replies = self.send(requests, become, target)
        return [replies.get(timeout=PATIENCE_S) for _ in requests]

    def send(self, requests: list[Request], become: Become | None = None, target: Target | None = None) -> Queue[Reply]:
        """Send all; the replies come into the queue."""
        replies: Queue[Reply] = Queue()
        session = self.session(become, target)
        for request in requests:
            session.submit(request, replies.put)
        return replies

    def probe(self, become: Become | None = None, **params: Any) -> Mapping[str, Any]:
        """Run the probe and return its result; an error fails the test."""
        reply = self.ask(Request("probe", params), become)
        assert reply.error is None, reply.error
        assert reply.result is not None
        return reply.result

    def raw(self, command: str, become: Become | None = None, stdin: bytes = b"") -> Reply:
        """Run a command without Python."""
        replies: Queue[Reply] = Queue()
        self.sessions.raw(self.target, become, command, replies.put, stdin=stdin)
        return replies.get(timeout=PATIENCE_S)


def transport_threads() -> list[str]:
    """Return the names of threads that belong to the transport."""
    ours = ("owner", "reader", "raw", "scripts", "Thread-", "paramiko")
    return [t.name for t in threading.enumerate() if t.name.startswith(ours)]
