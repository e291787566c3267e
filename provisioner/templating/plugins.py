"""The filters, tests and lookups a template can name: the project's own folders, ours, then Jinja's.

A table loads an entry when a template first uses it. Iterators that filters return become lists, so that what looks
like a list in a playbook is one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from types import GeneratorType
from typing import Any

from provisioner import catalog
from provisioner.templating.errors import LookupFailed
from provisioner.templating.project_plugins import ProjectPlugins
from provisioner.templating.undefined import Missing
from provisioner.templating.values import FinalText

PREFIXES = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.posix.",
    "ansible.utils.",
    "ansible.netcommon.",
    "community.general.",
    "community.crypto.",
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

    def __init__(self, kind: str, built_in: Mapping[str, Any], project: ProjectPlugins) -> None:
        super().__init__()
        self._kind, self._built_in, self._project = kind, built_in, project

    def names(self) -> set[str]:
        """Return every name there is, without those of collections."""
        return set(self._built_in) | set(catalog.names(self._kind)) | self._project.names(self._kind)

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
        plugin = None if name.startswith("ansible.builtin.") else self._project.find(self._kind, name)
        short = short_name(self._project.redirected(self._kind, name) if plugin is None else name)
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


def _called(plugin: Plugin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a filter; where it cannot do with an undefined value, that value is what is wrong."""
    try:
        return plugin(*args, **kwargs)
    except (TypeError, ValueError, LookupFailed):
        for value in args:
            if isinstance(value, Missing):
                value.missing_fail()
        raise


def _listing(plugin: Plugin) -> Plugin:
    """Wrap a filter so that an iterator it returns becomes a list."""

    @functools.wraps(plugin)
    def listed(*args: Any, **kwargs: Any) -> Any:
        value = _called(plugin, args, kwargs)
        return list(value) if isinstance(value, (GeneratorType, Iterator)) else value

    return listed


def _keeping_text(plugin: Plugin) -> Plugin:
    """Wrap a filter so that its text stays text."""

    @functools.wraps(plugin)
    def kept(*args: Any, **kwargs: Any) -> Any:
        value = _called(plugin, args, kwargs)
        return FinalText(value) if type(value) is str or isinstance(value, str) else value

    return kept
