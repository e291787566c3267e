"""The project's own plugins: where their files lie, how they are imported, and which names they bring.

Files lie in folders beside playbooks and roles, in configured folders, and in collections. A file that cannot be
loaded is skipped with a warning: the other plugins of its folder are as good as before.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.errors import InputError
from provisioner.loading import stand_ins
from provisioner.loading.collections import Collections
from provisioner.templating.errors import TemplateError
from provisioner.templating.settings import RenderSettings

CLASSES = {"filter": ("FilterModule", "filters"), "test": ("TestModule", "tests"), "lookup": ("LookupModule", "run")}
"""What a plugin file of each kind has: a class, and its method."""

COLLECTIONS = "ansible_collections"
BUILT_IN = ("ansible.builtin.", "ansible.legacy.")

Plugin = Callable[..., Any]


class ProjectPlugins:
    """The plugin files of one run. Folders of roles are added when the roles are found."""

    def __init__(self, settings: RenderSettings) -> None:
        folders = settings.plugin_folders
        self._folders: dict[str, dict[Path, None]] = {
            "filter": dict.fromkeys(folders.filters),
            "test": dict.fromkeys(folders.tests),
            "lookup": dict.fromkeys(folders.lookups),
        }
        self._collections = settings.collections
        self._warn = settings.warn
        self._skipped: set[Path] = set()
        self._given: dict[str, dict[str, Plugin]] = {}

    def add_beside(self, place: Path) -> None:
        """Also use the folders ``filter_plugins``, ``test_plugins`` and ``lookup_plugins`` of a role or playbook."""
        for kind, folders in self._folders.items():
            folder = place / f"{kind}_plugins"
            if folder not in folders and folder.is_dir():
                folders[folder] = None
                self._given.pop(kind, None)

    def names(self, kind: str) -> set[str]:
        """Return the names of the project's own filters, tests or lookups, without those of collections."""
        if kind == "lookup":
            return {path.stem for folder in self._folders[kind] for path in plugin_files(folder)}
        return set(self._own(kind))

    def find(self, kind: str, name: str) -> Plugin | None:
        """Return the filter or test called ``name``; a full name is looked for in its collection."""
        own = self._own(kind).get(name.removeprefix("ansible.legacy."))
        if own is not None or name.count(".") < 2:
            return own
        return self._of_collection(kind, name)

    def in_collection(self, kind: str, name: str) -> bool:
        """Tell whether a full name is of an installed collection, also where its plugin cannot be loaded."""
        if name.count(".") < 2 or name.startswith(BUILT_IN):
            return False
        found = self._collections.plugin(kind, name)
        return (found is not None and found.path is not None) or self._of_collection(kind, name) is not None

    def lookup(self, name: str) -> type[Any] | None:
        """Return the class of a lookup, None where the project has none of that name."""
        short = name.removeprefix("ansible.legacy.")
        for folder in self._folders["lookup"]:
            path = folder / f"{short}.py"
            if path.is_file():
                holder: type[Any] = self._imported(path, "lookup").LookupModule
                return holder
        plugin = self._collections.plugin("lookup", name) if name.count(".") >= 2 else None
        if plugin is None or plugin.path is None:
            return None
        return self._imported(Path(plugin.path), "lookup").LookupModule  # type: ignore[no-any-return]

    def redirected(self, kind: str, name: str) -> str:
        """Return what a full name means where its collection says that it is something else now."""
        if name.count(".") < 2 or name.startswith(BUILT_IN):
            return name
        plugin = self._collections.plugin(kind, name)
        return name if plugin is None else plugin.name

    def _own(self, kind: str) -> dict[str, Plugin]:
        if kind not in self._given:
            files = [path for folder in self._folders[kind] for path in plugin_files(folder)]
            found: dict[str, Plugin] = {}
            for path in reversed(files):
                found.update(self._plugins(kind, path))
            self._given[kind] = found
        return self._given[kind]

    def _of_collection(self, kind: str, name: str) -> Plugin | None:
        """Return a collection's filter or test: from the file of its name, else from any of the folder's files."""
        found = self._collections.plugin(kind, name)
        full = name if found is None else found.name
        collection, short = ".".join(full.split(".")[:2]), full.rpartition(".")[2]
        if found is not None and found.path is not None:
            plugins = self._plugins(kind, Path(found.path))
            if short in plugins:
                return plugins[short]
        home = self._collections.plugin_folder(collection, kind)
        for path in plugin_files(Path(home, *full.split(".")[2:-1])) if home else ():
            plugins = self._plugins(kind, path)
            if short in plugins:
                return plugins[short]
        return None

    def _plugins(self, kind: str, path: Path) -> dict[str, Plugin]:
        """Return the filters or tests of a file by name; a file that cannot be used has none, and a warning says so."""
        if path in self._skipped:
            return {}
        class_name, method = CLASSES[kind]
        try:
            holder = getattr(self._imported(path, kind), class_name)
            return dict(getattr(holder(), method)())
        except Exception as error:  # noqa: BLE001 - the plugin is somebody else's code: whatever it raises is its mistake
            self._skipped.add(path)
            reason = error.diagnostic.detail if isinstance(error, TemplateError) else str(error)
            text = f"Skipping {kind} plugin {path} as it seems to be invalid: {reason}"
            self._warn(Diagnostic(text, severity=Severity.WARNING))
            return {}

    def _imported(self, path: Path, kind: str) -> ModuleType:
        return import_file(path, kind, self._collections)


def plugin_files(folder: Path) -> list[Path]:
    """Return the plugin files of a folder by name; a folder that is not there has none."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_")) if folder.is_dir() else []


def import_file(path: Path, kind: str, collections: Collections, *, is_provided: bool = False) -> ModuleType:
    """Import a plugin file of the project; what it raises is reported with its name.

    ``is_provided``: what it imports of ansible is there already.
    """
    name = _module_name(path, kind)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", "") == str(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TemplateError(Diagnostic(f"{path} cannot be imported as a plugin"))
    module = importlib.util.module_from_spec(spec)
    if not is_provided and stand_ins.are_needed(path):
        stand_ins.provide(catalog.part("provisioner.templating.interface").interface())
    if COLLECTIONS in path.parts or COLLECTIONS.encode() in path.read_bytes():
        _provide_collections(collections)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        del sys.modules[name]
        hint = "of ansible's own modules a plugin can use a few only" if "ansible" in str(error) else ""
        raise TemplateError(Diagnostic(f"plugin {path} cannot be imported", detail=str(error), hint=hint)) from error
    except Exception as error:
        del sys.modules[name]
        if isinstance(error, InputError):
            raise
        raise TemplateError(Diagnostic(f"plugin {path} fails when imported", detail=f"{error}")) from error
    return module


def _module_name(path: Path, kind: str) -> str:
    """Return the name a plugin is imported under: its place in a collection, else a name like Ansible's own."""
    parts = path.with_suffix("").parts
    if COLLECTIONS in parts:
        at = len(parts) - 1 - parts[::-1].index(COLLECTIONS)
        return ".".join(parts[at:])
    if kind == "lookup":
        return f"ansible.plugins.lookup.{path.stem}"
    return f"ansible.plugins.{kind}.{abs(hash(str(path)))}_{path.stem}"


def _provide_collections(collections: Collections) -> None:
    """Make ``import ansible_collections.ns.name...`` find the installed collections."""
    module = sys.modules.get(COLLECTIONS)
    if module is None:
        module = ModuleType(COLLECTIONS, "The collections of a run.")
        sys.modules[COLLECTIONS] = module
    module.__path__ = list(_joined(getattr(module, "__path__", ()), collections.roots))


def _joined(known: Any, more: tuple[str, ...]) -> Iterator[str]:
    yield from dict.fromkeys((*more, *known))
