"""From variables and keywords to a Target and Become: how a host is reached for one task, and as whom."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from provisioner.execution import remote_files
from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.options import RunOptions
from provisioner.model.target import Become, Plugin, Target
from provisioner.records import dataclass
from provisioner.remote.params import boolean

Lookup = Callable[[str], Any]
"""Returns a variable's rendered value, or None where it is not defined."""
FindPlugin = Callable[[str], Plugin | None]
"""Returns the connection plugin that a name means, with what it is told; None where it means a connection of ours."""

CONNECTIONS = {"smart": "ssh", "ssh": "ssh", "paramiko": "ssh", "paramiko_ssh": "ssh"}
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a task's requests go."""

    target: Target
    become: Become | None


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of a host beside its variables.

    ``implicit`` marks one that is not in the inventory: localhost is then reached without SSH. ``plugin`` finds
    connection plugins.
    """

    host: str
    implicit: bool = False
    plugin: FindPlugin = lambda _name: None


def route(way: Way, keywords: Keywords, look: Lookup, options: RunOptions) -> Route:
    """Return the route to a host. Connection variables win over keywords, keywords over the command line."""
    host = way.host
    asked = _connection(way, keywords, look, options)
    plugin = way.plugin(asked)
    plain = asked.removeprefix("ansible.builtin.").removeprefix("ansible.netcommon.")
    connection = asked if plugin is not None else CONNECTIONS.get(plain, plain)
    target = Target(
        host=host,
        connection=connection,
        address=_address(host, look),
        port=_port(keywords, look) or options.port,
        user=_text(
            _first(look, "ansible_user", "ansible_ssh_user") or _keyword(keywords.remote_user) or options.remote_user
        ),
        password=_text(
            _first(look, "ansible_password", "ansible_ssh_pass", "ansible_ssh_password") or options.connection_password
        ),
        private_key=_text(
            _first(look, "ansible_ssh_private_key_file", "ansible_private_key_file") or options.private_key
        ),
        private_key_passphrase=_text(_first(look, "ansible_ssh_private_key_passphrase")),
        ssh_args=_ssh_args(look, options),
        host_key_checking=_host_keys(look, options),
        connect_timeout_s=float(_first(look, "ansible_ssh_timeout", "ansible_timeout") or options.timeout_s),
        python=_python(look, options),
        plugin=plugin,
        files=remote_files.files(look, options.policy.files) if plugin is None else None,
    )
    is_local = plugin is None and connection == "local"
    return Route(_local(target) if is_local else target, _become(keywords, look, options))


def _address(host: str, look: Lookup) -> str:
    """Return where the host is: what either variable says beside its name, which both say by themselves."""
    asked = (str(value) for value in map(look, ("ansible_host", "ansible_ssh_host")) if value not in (None, ""))
    return next((address for address in asked if address != host), host)


def _local(target: Target) -> Target:
    here = Target(host=target.host, connection="local", address=target.address, python=target.python)
    return replace(here, files=target.files)


def _connection(way: Way, keywords: Keywords, look: Lookup, options: RunOptions) -> str:
    asked = look("ansible_connection") or _keyword(keywords.connection) or options.connection
    if not asked and way.implicit and way.host in LOCAL_NAMES:
        return "local"
    return str(asked or "ssh")


def _python(look: Lookup, options: RunOptions) -> str:
    asked = str(look("ansible_python_interpreter") or options.python or "auto")
    return "auto" if asked.startswith("auto") else asked


def _port(keywords: Keywords, look: Lookup) -> int | None:
    asked = _first(look, "ansible_port", "ansible_ssh_port") or _keyword(keywords.port)
    return int(asked) if asked else None


def _ssh_args(look: Lookup, options: RunOptions) -> tuple[str, ...]:
    texts = [look(name) for name in ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")]
    return tuple(word for text in texts if text for word in shlex.split(str(text))) + options.ssh_args


def _host_keys(look: Lookup, options: RunOptions) -> str:
    asked = _first(look, "ansible_ssh_host_key_checking", "ansible_host_key_checking")
    if asked is None:
        return options.host_key_checking
    if str(asked) == "accept-new":
        return "accept-new"
    return "yes" if boolean(asked) else "no"


def _become(keywords: Keywords, look: Lookup, options: RunOptions) -> Become | None:
    asked = _first(look, "ansible_become")
    if asked is None:
        asked = options.become if keywords.become is UNSET else keywords.become
    if asked in (None, "") or not boolean(asked):
        return None
    method = str(look("ansible_become_method") or _keyword(keywords.become_method) or options.become_method or "sudo")
    method = method.removeprefix("ansible.builtin.").removeprefix("community.general.")
    user = _first(look, "ansible_become_user") or _keyword(keywords.become_user) or options.become_user or "root"
    password = _first(look, "ansible_become_password", "ansible_become_pass", f"ansible_{method}_pass")
    return Become(
        user=str(user),
        method=method,
        password=_text(password or options.become_password),
        flags=_text(_first(look, "ansible_become_flags") or _keyword(keywords.become_flags) or options.become_flags),
        exe=_text(_first(look, "ansible_become_exe") or _keyword(keywords.become_exe) or options.become_exe),
    )


def _first(look: Lookup, *names: str) -> Any:
    return next((value for value in map(look, names) if value is not None), None)


def _keyword(value: Any) -> Any:
    return None if value is UNSET else value


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


NAMES = remote_files.NAMES | frozenset(
    {
        "ansible_connection", "ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port", "ansible_user",
        "ansible_ssh_user", "ansible_password", "ansible_ssh_pass", "ansible_ssh_password",
        "ansible_ssh_private_key_file", "ansible_private_key_file", "ansible_ssh_private_key_passphrase",
        "ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_timeout",
        "ansible_timeout", "ansible_python_interpreter", "ansible_become", "ansible_become_user",
        "ansible_become_method", "ansible_become_password", "ansible_become_pass", "ansible_become_flags",
        "ansible_become_exe",
    }
)  # fmt: skip
"""Every variable that has a say in how a host is reached."""
