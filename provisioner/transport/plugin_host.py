"""Run by the interpreter of an ansible-core installation, as a program: connection plugins, each in its own process.

Nothing of that installation is imported into our own process. This program imports it once; for each connection it is
handed a socket, forks, and the child answers questions on it: a JSON line, then as many raw bytes as its ``size`` says.
What a plugin shows meanwhile goes the same way (``say``). Standard library only, beside what is asked for by name.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

SUCCESS = re.compile(rb"\A\s*BECOME-SUCCESS-[a-z]+\s*?\r?\n?")
ENDING_S = 1.5
LONGEST_NAME = 1024
PASSED = ("connection", "remote_addr", "remote_user", "port", "password", "timeout", "private_key_file", "verbosity")
SETTINGS = ("remote_tmp", "system_tmpdirs", "common_remote_group", "world_readable_temp", "admin_users")


class Failure(Exception):
    """What a question came to where it cannot be answered; the argument is its text."""


class Ansible:
    """What is used of the installation."""

    def __init__(self, folders: list[str], collections: list[str]) -> None:
        if collections:
            os.environ["ANSIBLE_COLLECTIONS_PATH"] = os.pathsep.join(collections)
        self.warmed: list[str] = []
        self.loader = importlib.import_module("ansible.plugins.loader")
        getattr(self.loader, "init_plugin_loader", lambda: None)()
        for folder in folders:
            self.loader.connection_loader.add_directory(folder)
        self.errors = importlib.import_module("ansible.errors")
        self.constants = importlib.import_module("ansible.constants")
        self.play_context = importlib.import_module("ansible.playbook.play_context").PlayContext
        self.display = importlib.import_module("ansible.utils.display").Display()

    def kind(self, name: str) -> Any:
        """Return the class of a plugin; Failure where there is none of that name."""
        context = self.loader.connection_loader.find_plugin_with_context(name)
        if not context.resolved:
            raise Failure(context.exit_reason or f"the connection plugin '{name}' was not found")
        return self.loader.connection_loader.get(name, class_only=True)

    def warm(self, name: str) -> None:
        """Load a plugin, so that those that are forked have it; what is wrong with it they tell who asks."""
        if name in self.warmed:
            return
        self.warmed.append(name)
        try:
            self.variables("connection", self.kind(name))
            self.variables("shell", self.loader.shell_loader.get("sh"))
        except Exception:  # noqa: BLE001 - a plugin is somebody else's code
            return

    def variables(self, kind: str, plugin: Any) -> list[str]:
        """Return the names of the variables that say something to a plugin."""
        return list(self.constants.config.get_plugin_vars(kind, plugin._load_name))


class Child:
    """Answers for one connection."""

    def __init__(self, ansible: Ansible | None, error: str, way: socket.socket) -> None:
        self._ansible, self._error = ansible, error
        self._reader, self._writer = way.makefile("rb"), way.makefile("wb")
        self._connection: Any = None
        self._context: Any = None
        self._becoming: tuple[Any, Any] = (None, None)
        self._variables: dict[str, Any] = {}

    def serve(self) -> None:
        """Answer until nobody asks any more."""
        while True:
            line = self._reader.readline()
            if not line:
                break
            self._answer(json.loads(line))
        if self._connection is not None:
            self._connection.close()

    def _answer(self, question: dict[str, Any]) -> None:
        unreachable = self._ansible.errors.AnsibleConnectionFailure if self._ansible else ()
        expected = (Failure, self._ansible.errors.AnsibleError) if self._ansible else Failure
        try:
            answer, body = self._done(question)
        except unreachable as error:
            answer, body = {"error": "unreachable", "text": str(error)}, b""
        except expected as error:
            answer, body = {"error": "failed", "text": str(error)}, b""
        except Exception as error:  # noqa: BLE001 - a plugin is somebody else's code: what it raises fails the task
            text = f"the connection plugin failed: {type(error).__name__}: {error}"
            answer, body = {"error": "failed", "text": text, "traceback": traceback.format_exc()}, b""
        self._send(answer, body)

    def _send(self, answer: dict[str, Any], body: bytes = b"") -> None:
        self._writer.write(json.dumps({**answer, "size": len(body)}, default=str).encode() + b"\n" + body)
        self._writer.flush()

    def _done(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        if self._ansible is None:
            raise Failure(self._error)
        if question["do"] == "exec":
            return self._run(question)
        return dict(getattr(self, f"_{question['do']}")(self._ansible, question) or {}), b""

    def _describe(self, ansible: Ansible, question: dict[str, Any]) -> dict[str, Any]:
        """Tell which variables a plugin, and the shell on its other end, look at."""
        plugin, shell = ansible.kind(question["name"]), ansible.loader.shell_loader.get("sh")
        names = [*ansible.variables("connection", plugin), *ansible.variables("shell", shell)]
        return {"variables": names}

    def _open(self, ansible: Ansible, question: dict[str, Any]) -> None:
        """Make the plugin; it connects when it is used."""
        ansible.kind(question["name"])
        ansible.display.verbosity = int(question.get("verbosity") or 0)
        ansible.display.display = self._show
        context = self._context = ansible.play_context()
        for name in PASSED:
            if question.get(name) is not None:
                setattr(context, name, question[name])
        for name in ("shell", "executable"):
            if question.get(name):
                setattr(context, name, question[name])
        made = ansible.loader.connection_loader.get(question["name"], context, os.devnull)
        if made is None:
            raise Failure(f"the connection plugin '{question['name']}' was not found")
        keys = {name: question[name] for name in ("remote_user", "port", "password") if question.get(name) is not None}
        made.set_options(task_keys=keys, var_options=question["variables"])
        made._shell.set_options(var_options=question["variables"])
        self._connection, self._variables = made, question["variables"]

    def _show(self, msg: Any, color: Any = None, stderr: bool = False, *_: Any, **more: Any) -> None:
        """Pass on what the plugin shows."""
        del color
        if not more.get("log_only"):
            text = str(msg).removeprefix("[WARNING]: ")
            self._send({"say": text.rstrip("\n"), "warns": bool(stderr)})

    def _about(self, ansible: Ansible, _question: dict[str, Any]) -> dict[str, Any]:
        """Tell what is to be known for using the plugin."""
        made = self._connection
        shell = made._shell
        asked = {name: shell.get_option(name) for name in SETTINGS if shell.has_option(name)}
        return {
            **asked,
            "transport": getattr(made, "transport", ""),
            "shell": getattr(shell, "SHELL_FAMILY", "sh"),
            "is_here": bool(getattr(made, "_remote_is_local", False)),
            "pipelining": self._is_piped(ansible),
            "local_tmp": ansible.constants.DEFAULT_LOCAL_TMP,
            "keeps": bool(ansible.constants.DEFAULT_KEEP_REMOTE_FILES),
        }

    def _is_piped(self, ansible: Ansible) -> bool:
        """Tell whether a command may be given input: the plugin can, and nobody said that it should not."""
        made = self._connection
        if not getattr(made, "has_pipelining", False):
            return False
        try:
            value, origin = ansible.constants.config.get_config_value_and_origin(
                "pipelining", plugin_type="connection", plugin_name=made._load_name,
                variables=self._variables,
            )  # fmt: skip
        except ansible.errors.AnsibleError:
            return True  # it has no such option
        return origin == "default" or bool(value)

    def _option(self, _ansible: Ansible, question: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"value": self._connection.get_option(question["name"])}
        except KeyError as error:
            raise Failure(str(error)) from None

    def _put(self, _ansible: Ansible, question: dict[str, Any]) -> None:
        self._connection.put_file(question["source"], question["path"])

    def _reset(self, _ansible: Ansible, _question: dict[str, Any]) -> None:
        self._connection.reset()

    def _run(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Run a command line, as another user where the question says so."""
        become = self._elevated(question.get("become"))
        if become is not None and self._is_already(question["become"]["become_user"]):
            become = None
        command = question["command"]
        if become is not None:
            command = become.build_become_command(command, self._connection._shell)
        given = question.get("input")
        if given is not None:
            given = Path(given).read_bytes()
        status, out, err = self._connection.exec_command(command, in_data=given, sudoable=become is not None)
        out, err = _bytes(out), _bytes(err)
        if become is not None:
            out = SUCCESS.sub(b"", out)
        return {"rc": status, "out": len(out)}, out + err

    def _is_already(self, user: str) -> bool:
        """Tell whether the plugin logs in as that user, so that nothing has to be done for becoming it."""
        made = self._connection
        asked = made.get_option("remote_user") if made.has_option("remote_user") else None
        login = asked or self._context.remote_user or getattr(made, "default_user", None)
        always = self._ansible is None or getattr(self._ansible.constants, "BECOME_ALLOW_SAME_USER", False)
        return bool(login == user and not always)

    def _elevated(self, given: dict[str, Any] | None) -> Any:
        """Return the become plugin of a question, and make it the connection's."""
        if self._becoming[0] != given:
            plugin = None
            if given is not None and self._ansible is not None:
                plugin = self._ansible.loader.become_loader.get(given["method"])
                if plugin is None:
                    raise Failure(f"there is no become method '{given['method']}'")
                known = {k: v for k, v in given.items() if v is not None and k != "method" and plugin.has_option(k)}
                plugin.set_options(direct=known)
            self._becoming = (given, plugin)
            self._connection.set_become_plugin(plugin)
            self._context.become = plugin is not None
            self._context.become_user = given["become_user"] if given else None
        return self._becoming[1]


def _bytes(said: Any) -> bytes:
    return said if isinstance(said, bytes) else str(said or "").encode("utf-8", "surrogateescape")


def main() -> None:
    """Import the installation, then fork for each socket that comes until nobody sends any more."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ansible, error = None, ""
    try:
        ansible = Ansible(json.loads(sys.argv[1]), json.loads(sys.argv[2]))
    except Exception as problem:  # noqa: BLE001 - whatever an installation fails with is told to who asks
        error = f"{sys.executable} cannot run connection plugins: {type(problem).__name__}: {problem}"
    while True:
        name, descriptors, _flags, _address = socket.recv_fds(control, LONGEST_NAME, 1)
        while _reaped():
            pass
        if not descriptors:
            break
        if ansible is not None:
            ansible.warm(name.decode())
        if os.fork() == 0:
            control.close()
            try:
                Child(ansible, error, socket.socket(fileno=descriptors[0])).serve()
            finally:
                os._exit(0)
        os.close(descriptors[0])
    _await_children()


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


def _await_children() -> None:
    """Give plugins a moment to close what they have open."""
    deadline = time.monotonic() + ENDING_S
    try:
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
    except ChildProcessError:
        return  # all have ended


if __name__ == "__main__":
    main()
