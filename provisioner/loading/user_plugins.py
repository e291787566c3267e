"""The user's own plugins for inventories: where they lie, and how they are imported."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError
from provisioner.loading import plugin_interface, stand_ins
from provisioner.loading.files import absolute_path, shown
from provisioner.loading.settings import LoadSettings


class NeedsMore(InputError):
    """A plugin imports something of Ansible that plugins do not get here."""


BUILT_IN = ("ansible.builtin.", "ansible.legacy.")


def folders(kind: str, settings: LoadSettings) -> tuple[Path, ...]:
    """Return where plugins of a kind (``inventory``, ``vars``, ``cache``) lie: configured, by playbooks, in roles."""
    own = settings.inventory
    configured = {"inventory": own.inventory_folders, "vars": own.vars_folders, "cache": own.cache_folders}[kind]
    playbooks = [absolute_path(folder, settings.basedir) for folder in settings.playbook_dirs]
    of_roles = settings.role_vars_plugins if kind == "vars" else ()
    beside = (Path(each, f"{kind}_plugins") for each in playbooks)
    return tuple(dict.fromkeys([*map(Path, configured), *beside, *of_roles]))


def files(kind: str, settings: LoadSettings) -> tuple[Path, ...]:
    """Return the plugin files of a kind; of two of one name the first counts."""
    found: dict[str, Path] = {}
    for folder in folders(kind, settings):
        if folder.is_dir():
            for path in sorted(folder.glob("*.py")):
                if not path.name.startswith("_"):
                    found.setdefault(path.stem, path)
    return tuple(found.values())


def find(kind: str, name: str, settings: LoadSettings) -> Path | None:
    """Return the file of the plugin called ``name``, None where the user has none."""
    for prefix in BUILT_IN:
        name = name.removeprefix(prefix)
    if "." in name:
        plugin = settings.collections.plugin(kind, name)
        return Path(plugin.path) if plugin is not None and plugin.path else None
    return next((path for path in files(kind, settings) if path.stem == name), None)


def load(path: Path, names: Iterable[str]) -> ModuleType:
    """Import a plugin that has at least one of these classes; InputError says why it cannot be used."""
    module = _imported(path)
    if not any(hasattr(module, name) for name in names):
        raise InputError.at(None, f"plugin {shown(path)} has no class {' or '.join(names)}")
    return module


def _imported(path: Path) -> ModuleType:
    name = f"provisioner_plugin_{path.parent.name}_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError.at(None, f"plugin {shown(path)} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with stand_ins.in_place(plugin_interface.interface()):
            spec.loader.exec_module(module)
    except ImportError as error:
        del sys.modules[name]
        is_ansibles = "ansible" in str(error)
        hint = "of ansible's own modules a plugin can use a few only" if is_ansibles else ""
        kind = NeedsMore if is_ansibles else InputError
        raise kind(Diagnostic(f"plugin {shown(path)} cannot be imported: {error}", hint=hint)) from error
    except Exception as error:  # the plugin is somebody else's code: whatever it raises is its mistake
        del sys.modules[name]
        raise InputError(Diagnostic(f"plugin {shown(path)} fails when imported: {error}")) from error
    return module
