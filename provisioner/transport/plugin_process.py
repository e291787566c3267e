"""Connection plugins from our side: the program that has ansible loaded, and a channel to each plugin it runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.diagnostics.errors import TargetError, Unreachable
from provisioner.model.target import Plugin

from . import plugin_host

PROGRAM = plugin_host.__file__
ENDING_S = 2.0
Say = Callable[[str, bool], None]
"""Takes what a plugin shows, and whether it is a warning."""


class PluginFailed(TargetError):
    """A plugin raised something that does not say that the host is out of reach; the text is its message."""


class Channel:
    """The way to one plugin in its process. One question at a time; any thread."""

    def __init__(self, way: socket.socket, say: Say) -> None:
        self._way, self._say = way, say
        self._reader = way.makefile("rb")
        self._lock = threading.Lock()
        self.is_broken = self.is_closed = False

    def ask(self, question: Mapping[str, object]) -> tuple[dict[str, Any], bytes]:
        """Return the answer and what came with it; Unreachable or PluginFailed as the plugin says."""
        with self._lock:
            try:
                self._way.sendall(json.dumps(question).encode() + b"\n")
                answer, body = self._heard()
            except (OSError, ValueError, KeyError) as error:
                self.is_broken = True
                raise Unreachable(f"the connection plugin's process ended ({error})") from None
        if "error" in answer:
            kind = Unreachable if answer["error"] == "unreachable" else PluginFailed
            raise kind(str(answer["text"]))
        return answer, body

    def _heard(self) -> tuple[dict[str, Any], bytes]:
        while True:
            line = self._reader.readline()
            if not line:
                raise OSError("it says nothing more")
            answer = json.loads(line)
            size = answer.pop("size")
            body = self._reader.read(size)
            if len(body) < size:
                raise OSError("it broke off")
            if "say" not in answer:
                return answer, body
            self._say(answer["say"], bool(answer.get("warns")))

    def close(self) -> None:
        """Let the plugin go; from any thread, also while it is asked something."""
        self.is_closed = True
        with contextlib.suppress(OSError):
            self._way.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._reader.close()
            self._way.close()


class PluginHosts:
    """The programs that run plugins, one for each installation and set of folders; started when first used.

    ``traces``: commands are shown that run where there is no lasting worker.
    """

    def __init__(self, say: Say, *, traces: bool = False) -> None:
        self._say, self._traces = say, traces
        self._lock = threading.Lock()
        self._programs: dict[tuple[object, ...], tuple[subprocess.Popen[bytes], socket.socket]] = {}
        self._described: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._channels: list[Channel] = []

    def channel(self, plugin: Plugin) -> Channel:
        """Return a process of its own for one connection."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                with self._lock:
                    socket.send_fds(self._control(plugin), [plugin.name.encode()], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise PluginFailed(f"{plugin.python} cannot run the connection plugin: {error}") from None
        channel = Channel(ours, self._say)
        with self._lock:
            self._channels = [*(each for each in self._channels if not each.is_closed), channel]
        return channel

    def variables(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the variables that a plugin looks at; PluginFailed where it cannot be used."""
        key = (*_place(plugin), plugin.name)
        if key not in self._described:
            channel = self.channel(plugin)
            try:
                answer, _ = channel.ask({"do": "describe", "name": plugin.name})
            finally:
                channel.close()
            self._described[key] = tuple(map(str, answer["variables"]))
        return self._described[key]

    def trace(self, text: str) -> None:
        """Show a command, where that is wanted."""
        if self._traces:
            self._say(text, False)

    def _control(self, plugin: Plugin) -> socket.socket:
        key = _place(plugin)
        if key not in self._programs:
            ours, theirs = socket.socketpair()
            words = [json.dumps(list(each)) for each in (plugin.folders, plugin.collections)]
            try:
                process = subprocess.Popen(
                    [plugin.python, PROGRAM, *words], stdin=theirs.fileno(), stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            except OSError:
                ours.close()
                raise
            finally:
                theirs.close()
            self._programs[key] = (process, ours)
        return self._programs[key][1]

    def close(self) -> None:
        """End every program and every plugin that it runs."""
        with self._lock:
            programs, self._programs = list(self._programs.values()), {}
            channels, self._channels = self._channels, []
        for channel in channels:
            channel.close()
        for process, control in programs:
            control.close()
            try:
                process.wait(ENDING_S)
            except subprocess.TimeoutExpired:
                pass
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _place(plugin: Plugin) -> tuple[object, ...]:
    return plugin.python, plugin.folders, plugin.collections
