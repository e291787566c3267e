"""How inventories are read: which sources are tried, what is passed over, what becomes of a source that is none.

The values are those of Ansible's settings of the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from provisioner.records import dataclass

PRECEDENCE = (
    "all_inventory",
    "groups_inventory",
    "all_plugins_inventory",
    "all_plugins_play",
    "groups_plugins_inventory",
    "groups_plugins_play",
)
"""The order in which the variables of groups count, weakest first."""

Configured = Callable[[str, str, str], "str | None"]
"""Looks a setting up by environment variable, section and key; what is not there is None."""

Foreign = Callable[[str], "Mapping[str, object] | None"]
"""Reads a file whose plugin we do not have, in the form of inventory scripts; None where nobody can be asked."""

CachedFacts = Callable[[str], Mapping[str, object]]
"""Returns what earlier runs kept of a host's facts."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Where plugins keep what they were told, unless their own file says otherwise."""

    enabled: bool = False
    plugin: str = "memory"
    connection: str | None = None
    prefix: str = "ansible_inventory_"
    timeout_s: float = 3600


@dataclass(frozen=True, slots=True)
class InventorySettings:
    """What is tried in which order, and how strict reading is.

    ``unread_is_error``: what is wrong with a source that nobody can read is an error among all the others; without it
    it is a warning, unless ``any_unparsed_is_failed`` or ``unparsed_is_failed`` end it there. ``mismatch``: what a
    pattern that matches no host is (warning, error, ignore). ``group_names`` says what becomes of characters in the
    names of groups: never (they stay, with a warning), always (underscores, with a warning), silently or ignore.
    ``*_folders`` hold plugins of the user's own. ``is_flushing``: what caches hold is asked for anew. ``foreign`` is
    asked about files that name a plugin nobody here has. ``configured`` lets a plugin look up settings of its own.
    """

    enabled: tuple[str, ...] = ("host_list", "script", "auto", "yaml", "ini", "toml")
    unread_is_error: bool = False
    merges: bool = False
    unparsed_is_failed: bool = False
    any_unparsed_is_failed: bool = False
    warns_of_nothing: bool = True
    ignored_extensions: tuple[str, ...] = (
        ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".ini", ".cfg", ".retry",
    )  # fmt: skip
    ignored_patterns: tuple[str, ...] = ()
    yaml_extensions: tuple[str, ...] = (".yml", ".yaml", ".json")
    mismatch: str = "warning"
    group_names: str = "never"
    vars_plugins: tuple[str, ...] = ("host_group_vars",)
    precedence: tuple[str, ...] = PRECEDENCE
    uses_extra_vars: bool = False
    inventory_folders: tuple[str, ...] = ()
    vars_folders: tuple[str, ...] = ()
    cache_folders: tuple[str, ...] = ()
    cache: CacheSettings = field(default_factory=CacheSettings)
    is_flushing: bool = False
    verbosity: int = 0
    foreign: Foreign = field(default=lambda _path: None, repr=False, compare=False)
    cached_facts: CachedFacts = field(default=lambda _host: {}, repr=False, compare=False)
    configured: Configured = field(default=lambda _variable, _section, _key: None, repr=False, compare=False)
