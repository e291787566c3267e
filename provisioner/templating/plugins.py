"""The filters, tests and lookups a template can name: the project's own folders, ours, then Jinja's.

A table loads an entry when a template first uses it. Iterators that filters return become lists, so that what looks
like a list in a playbook is one.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import GeneratorType, ModuleType
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.templating import stand_ins
from provisioner.templating.errors import TemplateError
from provisioner.templating.values import FinalText

PREFIXES = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.posix.",
    "ansible.utils.",
    "ansible.netcommon.",
    "community.general.",
)
"""Collections whose filters, tests and lookups answer under their short names."""

STAYS_TEXT = frozenset({"string", "to_json", "to_nice_json", "to_yaml", "to_nice_yaml"})
"""Filters whose text is not turned back into data when it is all a template yields."""

Plugin = Callable[..., Any]


def short_name(written: str) -> str:
    """Return a plugin's name without the collection prefix we answer for."""
    for prefix in PREFIXES:
        if written.startswith(prefix):
            return written.removeprefix(prefix)
    return written


class PluginTable(dict[str, Plugin]):
    """The filters or tests by name; Jinja's own are there from the start, the others come when they are used."""

    def __init__(self, kind: str, built_in: Mapping[str, Any], folders: tuple[Path, ...]) -> None:
        super().__init__()
        self._kind, self._built_in = kind, built_in
        self._class = {"filter": "FilterModule", "test": "TestModule"}[kind]
        self._method = {"filter": "filters", "test": "tests"}[kind]
        self._folders = folders
        self._given: dict[str, Plugin] | None = None

    def names(self) -> set[str]:
        """Return every name there is."""
        return set(self._built_in) | set(catalog.names(self._kind)) | set(self._custom())

    def get(self, name: str, default: Any = None) -> Any:
        """Return the plugin called ``name``, or ``default``."""
        return self[name] if name in self else default  # noqa: SIM401 - this is that method

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (super().__contains__(name) or self._find(name) is not None)

    def __missing__(self, name: str) -> Plugin:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def _find(self, name: str) -> Plugin | None:
        plugin = self._custom().get(name)
        short = short_name(name)
        if plugin is None and short in catalog.names(self._kind):
            plugin = getattr(catalog.load(self._kind, short), short)
        if plugin is None:
            plugin = self._built_in.get(short)
        if plugin is None:
            return None
        if self._kind == "filter":
            plugin = _keeping_text(plugin) if short in STAYS_TEXT else _listing(plugin)
        self[name] = plugin
        return plugin

    def _custom(self) -> dict[str, Plugin]:
        if self._given is None:
            given: dict[str, Plugin] = {}
            for path in reversed([file for folder in self._folders for file in plugin_files(folder)]):
                holder = getattr(import_file(path), self._class, None)
                if holder is not None:
                    given.update(getattr(holder(), self._method)())
            self._given = given
        return self._given


def _listing(plugin: Plugin) -> Plugin:
    """Wrap a filter so that an iterator it returns becomes a list."""

    @functools.wraps(plugin)
    def listed(*args: Any, **kwargs: Any) -> Any:
        value = plugin(*args, **kwargs)
        return list(value) if isinstance(value, (GeneratorType, Iterator)) else value

    return listed


def _keeping_text(plugin: Plugin) -> Plugin:
    """Wrap a filter so that its text stays text."""

    @functools.wraps(plugin)
    def kept(*args: Any, **kwargs: Any) -> Any:
        value = plugin(*args, **kwargs)
        return FinalText(value) if type(value) is str or isinstance(value, str) else value

    return kept


def plugin_files(folder: Path) -> list[Path]:
    """Return the plugin files of a folder by name; a folder that is not there has none."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_")) if folder.is_dir() else []


def import_file(path: Path) -> ModuleType:
    """Import a plugin file of the project; what it raises is reported with its name."""
    name = f"provisioner_plugin_{path.parent.name}_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TemplateError(Diagnostic(f"{path} cannot be imported as a plugin"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    stand_ins.provide_for(path)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        del sys.modules[name]
        hint = "of ansible's own modules a plugin can use a few only" if "ansible" in str(error) else ""
        raise TemplateError(Diagnostic(f"plugin {path} cannot be imported", detail=str(error), hint=hint)) from error
    except Exception as error:
        del sys.modules[name]
        raise TemplateError(Diagnostic(f"plugin {path} fails when imported", detail=f"{error}")) from error
    return module
