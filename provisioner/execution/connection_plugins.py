"""Connection plugins of others: which one a connection's name means, and what it is to be told of a host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from provisioner import catalog
from provisioner.bridge import installation
from provisioner.bridge.bridge import Bridge
from provisioner.bridge.library import redirect
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError, TargetError
from provisioner.loading.collections import Collections
from provisioner.model.target import Plugin
from provisioner.records import dataclass

Look = Callable[[str], Any]
OURS = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh", "local", "openssh"})
SECRET = ("pass", "secret", "token", "key")
"""What is part of the names of variables whose values are not to be shown."""
BUILT_IN = ("ansible.builtin.", "ansible.legacy.")


class DescribesPlugins(Protocol):
    """Who knows plugins from within: the transport."""

    def variables(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the variables that a plugin looks at."""


@dataclass(frozen=True, slots=True)
class ConnectionPlugins:
    """Finds plugins for a run. ``folders`` are those that are configured; without ``hosts`` there are no plugins."""

    bridge: Bridge
    hosts: DescribesPlugins | None = None
    folders: tuple[str, ...] = ()
    verbosity: int = 0

    def find(self, name: str, homes: Iterable[str], collections: Collections) -> Plugin | None:
        """Return the plugin that a connection's name means; None where it means one of ours, or nothing.

        ``homes`` are the folders of the play and its roles, whose ``connection_plugins`` come first.
        """
        if self.hosts is None:
            return None
        beside = [Path(home, "connection_plugins") for home in homes]
        places = [each.absolute() for each in (*beside, *map(Path, self.folders)) if each.is_dir()]
        folders = tuple(dict.fromkeys(map(str, places)))
        if not self._is_anywhere(name, folders, collections):
            return None
        there = self.bridge.installation
        if there is None:
            raise InputError(
                Diagnostic(
                    f"connection plugin '{name}' needs Ansible, and no Ansible was found",
                    hint=f"install provisioner[ansible], or name its interpreter in {installation.VARIABLE}",
                )
            )
        roots = tuple(str(Path(root).parent) for root in collections.roots if Path(root).is_dir())
        return Plugin(name, there.python, folders, roots, verbosity=self.verbosity)

    def told(self, plugin: Plugin, look: Look) -> Plugin:
        """Return a plugin with the values of the variables that it looks at; InputError where it cannot be used."""
        try:
            names = self.hosts.variables(plugin) if self.hosts is not None else ()
        except TargetError as error:
            raise InputError(Diagnostic(f"connection plugin '{plugin.name}': {error}")) from None
        values = {name: value for name in dict.fromkeys(names) if (value := look(name)) is not None}
        shell, executable = (look(f"ansible_shell_{name}") for name in ("type", "executable"))
        return replace(
            plugin,
            variables=json.dumps(values, default=str, sort_keys=True),
            shell=str(shell) if shell else None,
            executable=str(executable) if executable else None,
        )

    def _is_anywhere(self, name: str, folders: Sequence[str], collections: Collections) -> bool:
        """Tell whether a name is a plugin's: of the user, of a collection, or of an installation, and not ours."""
        plain = name
        for prefix in BUILT_IN:
            plain = plain.removeprefix(prefix)
        if plain.count(".") >= 2:
            found = collections.plugin("connection", plain)
            return plain.rpartition(".")[2] not in OURS if found is None or found.path is None else True
        if not name.startswith(BUILT_IN[0]) and any(Path(each, f"{plain}.py").is_file() for each in folders):
            return True
        if plain in OURS or plain in catalog.names("connection"):
            return False
        there = self.bridge.installation
        if there is None:
            return False
        return Path(there.ansible, "plugins/connection", f"{plain}.py").is_file() or bool(
            redirect(there, plain, "connection")
        )


def secrets_of(plugin: Plugin) -> list[str]:
    """Return the values that a plugin is told and that are not to be shown."""
    told = json.loads(plugin.variables)
    return [str(value) for name, value in told.items() if value and any(each in name for each in SECRET)]
