"""What scripts need of a host, over a connection of ours: each command a pipe of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.call import Reply
from provisioner.model.target import Become, Files, Target

from .failures import where
from .links import Link, Notice
from .raw import Command, RawCommands
from .scripts import Manner, Said


class LinkReach:
    """Runs commands and writes files over whatever link there is to a target now."""

    def __init__(self, target: Target, link: Callable[[], Link], trace: Notice) -> None:
        self._target, self._link, self._trace = target, link, trace

    def manner(self) -> Manner:
        """Return how files get there: as files, as that is what was asked for."""
        return Manner(self._target.files or Files(), piped=False)

    def run(self, command: str, become: Become | None, given: Path | None = None) -> Said:
        """Run a command line."""
        self._told_of(f"EXEC {command}")
        return self._said(command, become, given.read_bytes() if given else b"")

    def put(self, source: Path, path: str) -> None:
        """Write a file there that its owner may run."""
        self._told_of(f"PUT {source} TO {path}")
        said = self._said(f"umask 77;cat >'{path}'&&chmod u+x '{path}'", None, source.read_bytes())
        if said.rc != 0:
            text = said.err.decode("utf-8", "replace").strip()
            raise Unreachable(f"{where(self._target)}: {path} cannot be written there: {text}")

    def told(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return nothing: a connection of ours has no plugin to be asked."""
        del params
        return {}

    def _said(self, command: str, become: Become | None, given: bytes) -> Said:
        replies: SimpleQueue[Reply] = SimpleQueue()
        RawCommands(self._target, become, self._link()).submit(Command(command, replies.put, stdin=given))
        reply = replies.get()
        if reply.error is not None or reply.result is None:
            raise reply.error or Unreachable(f"{where(self._target)}: no answer")
        out, err = (str(reply.result[name]).encode("utf-8", "surrogateescape") for name in ("stdout", "stderr"))
        return Said(int(str(reply.result["rc"])), out, err)

    def _told_of(self, text: str) -> None:
        self._trace(f"<{self._target.address or self._target.host}> {text}")
