"""What the user's own action plugins are given: ``ActionBase`` and what hangs on it, each asking the task that runs.

A plugin is plain Python written for Ansible's documented action plugins. It runs in a thread of its own; whatever it
wants of hosts, variables or templates it asks of the attempt that waits for it (``Asks``).
"""

from __future__ import annotations

import json
import posixpath
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from provisioner import catalog
from provisioner.templating import interface as templating
from provisioner.templating.interface import AnsibleActionFail, AnsibleActionSkip


class Asks(Protocol):
    """What a plugin may want of the task that runs it; each waits for its answer."""

    def module(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Run a module on the task's host; return its result."""

    def action(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a task of that name would."""

    def command(self, line: str, **how: Any) -> dict[str, Any]:
        """Run a command line on the host, also in check mode."""

    def send(self, source: Path | bytes, path: str) -> None:
        """Write a file on the host, also in check mode."""

    def probe(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Run a module of ours that only looks, or that makes what the plugin needs; also in check mode."""

    def render(self, value: Any, *, strict: bool, variables: Mapping[str, Any] | None) -> Any:
        """Return a value with its templates rendered."""

    def find(self, name: str, folder: str) -> str:
        """Return the file of the controller that a name means."""

    def variable(self, name: str) -> Any:
        """Return a variable's rendered value, None where there is none."""

    def folder(self) -> str:
        """Return the folder on the host with what was run for the plugin last, empty where nothing is kept."""

    def connection(self, option: str | None = None) -> Any:
        """Return an option of the connection plugin, or all that it says of itself; None where it is one of ours."""


class Templar:
    """Renders templates (``self._templar``)."""

    def __init__(self, asks: Asks, variables: Mapping[str, Any]) -> None:
        self._asks, self._known = asks, variables
        self._own: Mapping[str, Any] | None = None

    @property
    def available_variables(self) -> Mapping[str, Any]:
        """The variables that templates see."""
        return self._known if self._own is None else self._own

    @available_variables.setter
    def available_variables(self, variables: Mapping[str, Any]) -> None:
        self._own = dict(variables)

    def template(self, variable: Any, convert_bare: bool = False, fail_on_undefined: bool = True, **_: Any) -> Any:
        """Return a value rendered; with ``convert_bare`` the name of a variable stands for its value."""
        if convert_bare and isinstance(variable, str) and variable.split(".")[0].split("[")[0] in self._known:
            variable = "{{ " + variable + " }}"
        return self._asks.render(variable, strict=fail_on_undefined, variables=self._own)

    do_template = template

    def is_template(self, data: Any) -> bool:
        """Tell whether a value holds a template."""
        if isinstance(data, str):
            return "{{" in data or "{%" in data or "{#" in data
        if isinstance(data, Mapping):
            return any(self.is_template(each) for pair in data.items() for each in pair)
        return isinstance(data, (list, tuple)) and any(self.is_template(each) for each in data)

    is_possibly_template = is_template


class Shell:
    """What is known of the host's shell (``self._connection._shell``)."""

    executable = "/bin/sh"

    def __init__(self, plugin: ActionBase, asks: Asks) -> None:
        self._plugin, self._asks = plugin, asks

    @property
    def SHELL_FAMILY(self) -> str:  # noqa: N802 - the name that plugins know
        """What kind of shell it is."""
        about = self._asks.connection()
        return "sh" if about is None else str(about["shell"])

    @property
    def tmpdir(self) -> str:
        """A folder on the host for the plugin's own files; it is gone when the task ends, unless files are kept."""
        return self._asks.folder() or self._plugin._make_tmp_path()

    def join_path(self, *parts: str) -> str:
        """Return the parts as one path."""
        return posixpath.join(*parts)

    def path_has_trailing_slash(self, path: str) -> bool:
        """Tell whether a path means a folder."""
        return path.endswith("/")

    def quote(self, text: str) -> str:
        """Return the text as one word of a command line."""
        return shlex.quote(text)

    def get_remote_filename(self, path: str) -> str:
        """Return the last part of a path."""
        return posixpath.basename(path.strip())


class Connection:
    """The way to the host (``self._connection``)."""

    connected, has_pipelining, become, socket_path = True, True, None, None

    def __init__(self, plugin: ActionBase, transport: str, asks: Asks) -> None:
        self.transport = self.ansible_name = self._load_name = transport
        self._asks, self._shell = asks, Shell(plugin, asks)

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command line."""
        done = self._asks.command(cmd, stdin=in_data)
        return int(done["rc"]), str(done["stdout"]).encode(), str(done["stderr"]).encode()

    def put_file(self, in_path: str, out_path: str) -> None:
        """Write a file of the controller's to the host."""
        self._asks.send(Path(in_path), out_path)

    def get_option(self, name: str, *_args: Any, **_kwargs: Any) -> Any:
        """Return a setting of the connection: what its plugin says, or for one of ours what variables do."""
        if self._asks.connection() is not None:
            return self._asks.connection(name)
        return next((v for n in (f"ansible_{name}", f"ansible_{self.transport}_{name}")
                     if (v := self._asks.variable(n)) is not None), None)  # fmt: skip

    def _connect(self) -> Connection:
        return self

    def close(self) -> None:
        """Leave it to whoever opened it."""


class ActionBase:
    """The class that plugins derive from."""

    TRANSFERS_FILES = False
    BYPASS_HOST_LOOP = False
    _VALID_ARGS: frozenset[str] = frozenset()
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def __init__(
        self, task: Any, connection: Any, play_context: Any, loader: Any, templar: Any, shared_loader_obj: Any
    ) -> None:
        self._task, self._connection, self._play_context = task, connection, play_context
        self._loader, self._templar, self._shared_loader_obj = loader, templar, shared_loader_obj
        self._asks: Asks = task.asks
        self._display = task.display
        self._cleanup_remote_tmp = False
        self._made: list[str] = []

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Look the arguments over; plugins call this first and go on with what it returns."""
        if self._task.check_mode and not self._supports_check_mode:
            raise AnsibleActionSkip("check mode is not supported for this task.")
        wrong = [each for each in self._task.args if each not in self._VALID_ARGS] if self._VALID_ARGS else []
        if wrong:
            raise AnsibleActionFail(f"Invalid options for {self._task.action}: {','.join(map(str, wrong))}")
        return {}

    def cleanup(self, force: bool = False) -> None:
        """Remove what was made on the host for the plugin."""
        for path in self._made:
            self._asks.probe("file", {"path": path, "state": "absent"})
        self._made.clear()

    def _execute_module(
        self, module_name: str | None = None, module_args: Mapping[str, Any] | None = None, *_: Any, **_more: Any
    ) -> dict[str, Any]:
        args = dict(self._task.args if module_args is None else module_args)
        name = module_name or self._task.action
        if name.rpartition(".")[2] in ("copy", "unarchive", "assemble") and "src" in args:
            args["remote_src"] = True  # a plugin has put it there already
        return self._asks.module(name, args)

    def _low_level_execute_command(
        self, cmd: str, sudoable: bool = True, in_data: Any = None, executable: str | None = None, *_: Any, **more: Any
    ) -> dict[str, Any]:
        done = self._asks.command(cmd, stdin=in_data, executable=executable, chdir=more.get("chdir"))
        kept = ("rc", "stdout", "stdout_lines", "stderr", "stderr_lines")
        return {name: done[name] for name in kept if name in done}

    def _execute_remote_stat(self, path: str, all_vars: Any = None, follow: bool = False, *_: Any, **more: Any) -> Any:
        checksum = more.get("checksum", True)
        found = self._asks.probe("stat", {"path": path, "follow": follow, "get_checksum": checksum})["stat"]
        return {**found, "checksum": found.get("checksum", "1")}

    def _remote_file_exists(self, path: str) -> bool:
        return bool(self._asks.probe("stat", {"path": path})["stat"]["exists"])

    def _remote_checksum(self, path: str, *_: Any, **_more: Any) -> str:
        return str(self._execute_remote_stat(path, follow=True)["checksum"])

    def _remote_expand_user(self, path: str, *_: Any, **_more: Any) -> str:
        if not path.startswith("~"):
            return path
        head, slash, rest = path.partition("/")
        home = self._asks.command(f"echo {head}")["stdout"].strip()
        return f"{home or head}{slash}{rest}"

    def _transfer_file(self, local_path: str, remote_path: str) -> str:
        self._asks.send(Path(local_path), remote_path)
        return remote_path

    def _transfer_data(self, remote_path: str, data: Any) -> str:
        text = json.dumps(data) if isinstance(data, dict) else data
        self._asks.send(text if isinstance(text, bytes) else str(text).encode(), remote_path)
        return remote_path

    def _make_tmp_path(self, *_: Any, **_more: Any) -> str:
        if not self._made:
            made = self._asks.probe("tempfile", {"state": "directory", "prefix": "ansible-tmp-"})
            self._made.append(str(made["path"]))
        return self._made[0]

    def _remove_tmp_path(self, tmp_path: str | None, *_: Any, **_more: Any) -> None:
        """Leave it: what was made is removed when the task ends."""

    def _fixup_perms2(self, remote_paths: Any, *_: Any, **_more: Any) -> Any:
        return remote_paths

    def _find_needle(self, dirname: str, needle: str) -> str:
        return self._asks.find(needle, dirname)

    def _get_diff_data(self, *_: Any, **_more: Any) -> dict[str, Any]:
        return {}

    def _is_become_unprivileged(self) -> bool:
        return False

    def get_plugin_option(self, plugin: Any, option: str, default: Any = None) -> Any:
        """Return an option of a plugin, or what to take in its place."""
        found = plugin.get_option(option) if hasattr(plugin, "get_option") else None
        return default if found is None else found


class Normal(ActionBase):
    """What runs a module that has no plugin of its own (``ansible.plugins.action.normal``)."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Run the module that the task names."""
        return {**super().run(tmp, task_vars), **self._execute_module()}


def built_in(name: str) -> type[ActionBase]:
    """Return the class that stands for an action of ours."""

    class ActionModule(ActionBase):
        """Does what the task of that name does."""

        def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
            """Do it with the task's arguments."""
            return {**super().run(tmp, task_vars), **self._asks.action(name, self._task.args)}

    return ActionModule


class Finder:
    """Finds plugins by name (``self._shared_loader_obj.action_loader``)."""

    def __init__(self, known: Callable[[str], type[ActionBase] | None]) -> None:
        self._known = known

    def get(self, name: str, *_: Any, task: Any = None, connection: Any = None, **rest: Any) -> Any:
        """Return a plugin, made; None where there is none."""
        found = self._known(name)
        names = ("play_context", "loader", "templar", "shared_loader_obj")
        return found(task, connection, *(rest.get(each) for each in names)) if found else None

    def has_plugin(self, name: str, *_: Any, **_more: Any) -> bool:
        """Tell whether there is one of that name."""
        return self._known(name) is not None

    __contains__ = has_plugin

    def find_plugin(self, name: str, *_: Any, **_more: Any) -> str | None:
        """Return something that stands for its file; None where there is none."""
        return name if self.has_plugin(name) else None


def interface() -> dict[str, dict[str, Any]]:
    """Return the modules that action plugins import, and what is in them; parents first."""
    base = templating.interface()
    ours = {
        f"ansible.plugins.action.{name}": {"ActionModule": built_in(name)}
        for name in sorted({*catalog.names("action"), "command", "shell", "service", "package"})
    }
    action = {
        "ansible.plugins.action": {"ActionBase": ActionBase, "display": base["ansible.utils.display"]["display"]},
        "ansible.plugins.action.normal": {"ActionModule": Normal},
        "ansible.playbook": {}, "ansible.playbook.task": {"Task": SimpleNamespace},
        "ansible.plugins.loader": {},
    }  # fmt: skip
    return {**base, **action, **ours}
