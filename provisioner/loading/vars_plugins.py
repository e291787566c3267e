"""The user's own vars plugins: a class VarsModule with ``get_vars(loader, path, entities)`` in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.loading import plugin_interface, plugin_running, user_plugins
from provisioner.loading.files import shown
from provisioner.loading.settings import LoadSettings
from provisioner.records import dataclass

KIND = "vars"
CLASS = "VarsModule"
HOST_GROUP_VARS = ("host_group_vars", "ansible.builtin.host_group_vars", "ansible.legacy.host_group_vars")


@dataclass(frozen=True, slots=True)
class VarsPlugin:
    """One plugin, ready to be asked."""

    path: Path
    plugin: Any
    loader: plugin_interface.Loader

    @property
    def name(self) -> str:
        """Where it lies: that is what its variables have as their origin."""
        return str(self.path)

    def variables(self, folder: str, kind: str, name: str) -> Mapping[str, object]:
        """Return what it has for a ``group`` or ``host`` seen from a folder; InputError where it fails."""
        entity = plugin_interface.Host(name) if kind == "host" else plugin_interface.Group(name)
        try:
            if hasattr(self.plugin, "get_vars"):
                found = self.plugin.get_vars(self.loader, folder, [entity])
            else:
                old = getattr(self.plugin, f"get_{kind}_vars", None)
                found = old(name) if old is not None else {}
        except Exception as error:
            raise InputError.at(None, f"vars plugin {shown(self.path)} failed for {kind} '{name}': {error}") from error
        if not isinstance(found, Mapping):
            raise InputError.at(None, f"vars plugin {shown(self.path)} must return a mapping")
        return found


def vars_plugins(settings: LoadSettings, findings: Findings) -> Sequence[VarsPlugin | None]:
    """Return the plugins that run, weakest first; None stands for ``group_vars`` and ``host_vars``.

    Those that need not be enabled come first, then those that are, in their order.
    """
    found: dict[str, VarsPlugin | None] = {}
    for path in user_plugins.files(KIND, settings):
        one = _plugin(path, settings, findings)
        if one is not None and not getattr(one.plugin, "REQUIRES_ENABLED", False):
            found[path.stem] = one
    for name in settings.inventory.vars_plugins:
        if name in HOST_GROUP_VARS:
            found.setdefault(HOST_GROUP_VARS[0], None)
            continue
        enabled = user_plugins.find(KIND, name, settings)
        if enabled is None:
            findings.warn(f"there is no vars plugin '{name}'", hint="vars_plugins_enabled names it")
        elif name not in found and (one := _plugin(enabled, settings, findings)) is not None:
            found[name] = one
    return tuple(found.values())


def _plugin(path: Path, settings: LoadSettings, findings: Findings) -> VarsPlugin | None:
    try:
        plugin = _made(path, settings)
    except InputError as error:
        findings.extend(error.diagnostics)
        return None
    if not hasattr(plugin, "get_vars"):
        text = "is relying on the deprecated entrypoints 'get_host_vars' and 'get_group_vars'"
        hint = "give it get_vars(loader, path, entities)"
        findings.warn(f"The vars plugin {path.stem} from {path} {text}", hint=hint)
    return VarsPlugin(path, plugin, plugin_interface.Loader(settings))


def _made(path: Path, settings: LoadSettings) -> Any:
    module = user_plugins.load(path, (CLASS,))
    try:
        plugin = getattr(module, CLASS)()
    except Exception as error:
        raise InputError.at(None, f"vars plugin {shown(path)} cannot be made: {error}") from error
    if hasattr(plugin, "set_options"):
        plugin_running.give_options(plugin, module, path.stem, settings)
    return plugin
