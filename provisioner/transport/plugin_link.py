"""The way to one target by a connection plugin: made when it is first needed, asked in its own terms."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.diagnostics.errors import TargetError, Unreachable
from provisioner.model.target import Become, Files, Plugin, Target

from .failures import masked
from .plugin_process import Channel, PluginFailed, PluginHosts
from .scripts import Manner, Said

WINDOWS = "powershell"


class PluginLink:
    """Sessions of several users ask here, from their own threads; the plugin is asked one thing at a time."""

    def __init__(self, target: Target, hosts: PluginHosts) -> None:
        self._target, self._hosts = target, hosts
        self._lock = threading.RLock()
        self._channel: Channel | None = None
        self._about: Mapping[str, Any] | None = None
        self._is_reset = False

    def manner(self) -> Manner:
        """Return how files get to the host; PluginFailed where the far end is no POSIX shell."""
        about = self.about()
        if about["shell"] == WINDOWS:
            raise PluginFailed(f"host {self._target.host}: the shell of this connection is PowerShell, for which there "
                               "are no modules here (raw works)")  # fmt: skip
        files = Files(
            folder=str(about["remote_tmp"]),
            shared=tuple(map(str, about.get("system_tmpdirs") or Files().shared)),
            admins=tuple(map(str, about.get("admin_users") or Files().admins)),
            group=str(about.get("common_remote_group") or ""),
            is_open=bool(about.get("world_readable_temp")),
            keeps=bool(about["keeps"]),
        )
        is_piped = bool(about["pipelining"]) and not files.keeps
        return Manner(files, is_piped, here=bool(about["is_here"]), local=str(about["local_tmp"]))

    def about(self) -> Mapping[str, Any]:
        """Return what the plugin says of itself and of its shell."""
        with self._lock:
            if self._about is None:
                self._about = self._ask({"do": "about"})[0]
            return self._about

    def run(self, command: str, become: Become | None, given: Path | None = None) -> Said:
        """Run a command line."""
        whom = None
        if become is not None:
            whom = {
                "method": become.method, "become_user": become.user, "become_pass": become.password,
                "become_flags": become.flags, "become_exe": become.exe,
            }  # fmt: skip
        path = str(given) if given is not None else None
        answer, body = self._ask({"do": "exec", "command": command, "become": whom, "input": path})
        out = int(answer["out"])
        return Said(int(answer["rc"] or 0), body[:out], body[out:])

    def put(self, source: Path, path: str) -> None:
        """Write a file there."""
        self._ask({"do": "put", "source": str(source), "path": path})

    def told(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return an option of the plugin's, or what it says of itself."""
        if "option" not in params:
            return self.about()
        return self._ask({"do": "option", "name": params["option"]})[0]

    def reset(self) -> None:
        """Have the plugin drop what it has open before it does anything else; returns at once."""
        self._is_reset = True

    def stop_opening(self) -> None:
        """Nothing is opened but by the plugin itself."""

    def abort(self) -> None:
        """Let the plugin go, whatever it is doing."""
        channel = self._channel
        if channel is not None:
            channel.close()

    def close(self) -> None:
        """Let the plugin go."""
        self.abort()

    def _ask(self, question: Mapping[str, object]) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            try:
                channel = self._opened()
                if self._is_reset:
                    self._is_reset = False
                    channel.ask({"do": "reset"})
                return channel.ask(question)
            except TargetError as error:
                text = masked(str(error), self._target, None)
                raise (Unreachable if isinstance(error, Unreachable) else PluginFailed)(text) from None

    def _opened(self) -> Channel:
        """Return the plugin's channel; where its process ended, that of a new one."""
        plugin, target = self._target.plugin, self._target
        if self._channel is not None and not self._channel.is_broken:
            return self._channel
        if plugin is None:
            raise PluginFailed(f"host {target.host} is not reached by a connection plugin")
        channel = self._hosts.channel(plugin)
        try:
            channel.ask(_opening(plugin, target))
        except TargetError:
            channel.close()
            raise
        self._channel, self._is_reset = channel, False
        return channel


def _opening(plugin: Plugin, target: Target) -> dict[str, object]:
    return {
        "do": "open", "name": plugin.name, "variables": json.loads(plugin.variables), "shell": plugin.shell,
        "executable": plugin.executable, "verbosity": plugin.verbosity, "connection": plugin.name,
        "remote_addr": target.address or target.host, "remote_user": target.user, "port": target.port,
        "password": target.password, "private_key_file": target.private_key, "timeout": int(target.connect_timeout_s),
    }  # fmt: skip
