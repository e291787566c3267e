"""Modules that are not ours, as tasks use them: which one a name means there, and the request that runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner import catalog
from provisioner.bridge.bridge import Place
from provisioner.bridge.library import Foreign, Refusal
from provisioner.bridge.packing import Packed, Unpackable
from provisioner.bridge.style import PYTHON
from provisioner.diagnostics.home import expanded
from provisioner.execution.context import PlayContext
from provisioner.execution.needs import Result, locally
from provisioner.execution.task_run import ActionCall
from provisioner.graph.expand import roles_of
from provisioner.graph.operation import Operation
from provisioner.loading.files import absolute_path
from provisioner.model.call import Carried
from provisioner.remote.params import boolean

SPECIAL_FILESYSTEMS = ("fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat")
EVERYWHERE = ("~/.ansible/plugins/", "/usr/share/ansible/plugins/")
"""Where Ansible looks for plugins of a user and of a machine."""
DEFAULT_INTERNAL = frozenset(
    {
        "check_mode", "debug", "diff", "ignore_unknown_opts", "keep_remote_files", "module_name", "no_log",
        "remote_tmp", "selinux_special_fs", "shell_executable", "socket", "string_conversion_action", "syslog_facility",
        "target_log_info", "tmpdir", "verbosity", "version",
    }
)  # fmt: skip
"""What modules that do not use Ansible's library are given."""


def place_of(play: PlayContext, operation: Operation) -> Place:
    """Return what is searched for modules from where an operation stands."""
    role = operation.role
    key = (role.path if role else "", *(role.parents if role else ()))
    found = play.module_places.get(key)
    if found is None:
        found = play.module_places[key] = _place(play, operation)
    return found


def _place(play: PlayContext, operation: Operation) -> Place:
    compiled, loading = play.compiled.play, play.run.loading
    role = operation.role
    roles = [use.role.path for use in roles_of(compiled)]
    roles += [role.path, *role.parents] if role else []
    homes = [str(Path(each).resolve()) for each in dict.fromkeys((compiled.basedir, *roles))]
    libraries = [f"{home}/library" for home in homes] + [*loading.library]
    libraries += [] if loading.library else [f"{each}modules" for each in EVERYWHERE]
    utils = [f"{home}/module_utils" for home in homes] + _paths(os.environ.get("ANSIBLE_MODULE_UTILS", ""))
    utils += [] if os.environ.get("ANSIBLE_MODULE_UTILS") else [f"{each}module_utils" for each in EVERYWHERE]
    around = [str(each) for each in Path(operation.position.source.name).absolute().parents
              if each.name == "ansible_collections"]  # fmt: skip
    configured = [absolute_path(each, loading.basedir) for each in loading.collections_path]
    collections = loading.collections.beside([f"{homes[0]}/collections", *configured, *around])
    actions = [f"{home}/action_plugins" for home in homes] + [*loading.action_plugins]
    return Place(_existing(libraries), _existing(utils), _existing(actions), collections)


def _paths(text: str) -> list[str]:
    return [each for each in text.split(os.pathsep) if each]


def _existing(folders: list[str]) -> tuple[str, ...]:
    places = [expanded(each) for each in dict.fromkeys(folders)]
    return tuple(str(place.absolute()) for place in places if place.is_dir())


def overriding(call: ActionCall, written: str) -> Foreign | None:
    """Return the user's own module that wins over ours."""
    return call.run.play.run.bridge.overriding(written, place_of(call.run.play, call.run.operation))


def acted(call: ActionCall, written: str, name: str) -> str | None:
    """Return the file of the action plugin, of the user's or of a collection, that does what a task says."""
    is_ours = name in catalog.names("action") or name in catalog.names("module")
    place = place_of(call.run.play, call.run.operation)
    return call.run.play.run.bridge.acted(written, place, in_collections=not is_ours)


def elsewhere(call: ActionCall, written: str) -> Foreign | Refusal:
    """Return a module that neither we nor the user have, or why it cannot be run."""
    return call.run.play.run.bridge.elsewhere(written, place_of(call.run.play, call.run.operation))


def request(call: ActionCall, module: Foreign, args: Mapping[str, Any], *, last: bool = True) -> Any:
    """Return, by yielding needs, the call that runs a foreign module; a result where it cannot be made."""
    bridge, place = call.run.play.run.bridge, place_of(call.run.play, call.run.operation)
    packed = bridge.ready(module, place)
    if packed is None:
        try:
            packed = yield from locally(lambda: bridge.pack(module, place))
        except (Unpackable, OSError) as error:
            return {"failed": True, "changed": False, "msg": str(error)}
    carried = Carried("foreign", _how(call, module, packed), packed.parcel)
    return call.remote(module.name, args, carried=carried, last=last)


def _how(call: ActionCall, module: Foreign, packed: Packed) -> Mapping[str, object]:
    """Return how the worker runs the module."""
    there = call.run.play.run.bridge.installation if packed.style == PYTHON else None
    known = there.internal if there else DEFAULT_INTERNAL
    version = there.version if there else str(call.run.play.run.options and "2.18.0")
    internal = {name: value for name, value in _internal(call, module, version).items() if name in known}
    how: dict[str, object] = {
        "style": packed.style, "entry": packed.entry, "module": module.module,
        "internal": {f"_ansible_{name}": value for name, value in internal.items()},
    }  # fmt: skip
    program = packed.interpreter
    if program and not program.startswith("python"):
        chosen = _variable(call, f"ansible_{program}_interpreter")
        how["interpreters"] = {program: str(chosen)} if chosen else {}
    limit = _variable(call, "ansible_python_module_rlimit_nofile")
    limit = os.environ.get("ANSIBLE_PYTHON_MODULE_RLIMIT_NOFILE") if limit is None else limit
    if limit:
        how["open_files"] = int(limit)
    return how


def _internal(call: ActionCall, module: Foreign, version: str) -> Mapping[str, object]:
    """Return the arguments that Ansible gives every module, by their names without prefix."""
    verbosity = call.run.play.run.options.verbosity
    return {
        "check_mode": call.check,
        "no_log": call.resolved.no_log or _truth(_variable(call, "ansible_no_target_syslog")),
        "debug": False,
        "diff": call.diff,
        "verbosity": verbosity,
        "version": version,
        "module_name": module.name,
        "syslog_facility": str(_variable(call, "ansible_syslog_facility") or "LOG_USER"),
        "selinux_special_fs": list(SPECIAL_FILESYSTEMS),
        "string_conversion_action": "warn",
        "socket": None,
        "shell_executable": str(_variable(call, "ansible_shell_executable") or "/bin/sh"),
        "keep_remote_files": _truth(os.environ.get("ANSIBLE_KEEP_REMOTE_FILES")),
        "tmpdir": None,
        "remote_tmp": str(
            _variable(call, "ansible_remote_tmp") or os.environ.get("ANSIBLE_REMOTE_TMP") or "~/.ansible/tmp"
        ),
        "ignore_unknown_opts": False,
        "target_log_info": _variable(call, "ansible_target_log_info"),
    }


def _truth(value: object) -> bool:
    return value not in (None, "") and boolean(value)


def _variable(call: ActionCall, name: str) -> Any:
    found = call.scope.find(name)
    return None if found is None else call.renderer.variable(name, call.scope)


def without_ours(result: Result) -> Result:
    """Return a foreign module's result without facts that would change how hosts are reached."""
    facts = result.get("ansible_facts")
    if isinstance(facts, dict):
        result["ansible_facts"] = {name: value for name, value in facts.items() if not _is_ours(str(name))}
    return result


def _is_ours(name: str) -> bool:
    plain = name.removeprefix("ansible_")
    if plain.startswith("discovered_interpreter_"):
        return True
    return name.startswith("ansible_") and (plain.endswith("_interpreter") or plain in ("connection", "host", "become"))
