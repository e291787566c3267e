"""What the user's own inventory, vars and cache plugins are given: the names they import, and the inventory they fill.

Plugins are plain Python written for Ansible's documented plugin classes. Of ansible's names they get those listed in
``interface``, whether or not ansible is installed; everything else of it cannot be imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Protocol

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.loading.constructing import Construct, Constructor
from provisioner.loading.draft import UNGROUPED, Draft, safe_group_name
from provisioner.loading.files import absolute_path, read_source, shown
from provisioner.loading.hostnames import BadRange, expand
from provisioner.loading.inventory_cache import PluginCache, cache_key
from provisioner.loading.settings import LoadSettings
from provisioner.loading.source_reading import SourceReading
from provisioner.syntax import yaml


class AnsibleError(InputError):
    """What plugins raise; the text is its message."""

    def __init__(self, message: object = "", *_args: object, **_kwargs: object) -> None:
        self.message = str(message)
        super().__init__(Diagnostic(self.message))

    def __str__(self) -> str:
        return self.message


class Display:
    """Takes a plugin's remarks; only warnings are told."""

    def __init__(self, warn: Callable[[str], None] = lambda _text: None) -> None:
        self._warn = warn

    def warning(self, text: object, *_args: object, **_kwargs: object) -> None:
        """Tell the user something."""
        self._warn(str(text))

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None


class Loader:
    """Reads files for a plugin."""

    def __init__(self, settings: LoadSettings) -> None:
        self._settings = settings

    def load_from_file(self, path: str, *_args: object, **_kwargs: object) -> Any:
        """Return the content of a YAML or JSON file."""
        return yaml.load(read_source(self.path_dwim(path)), vault=self._settings.vault)

    def load(self, data: str, *_args: object, **_kwargs: object) -> Any:
        """Return the content of YAML or JSON text."""
        return yaml.load(Source("text", str(data)), vault=self._settings.vault)

    def path_exists(self, path: str) -> bool:
        """Tell whether something is there."""
        return Path(self.path_dwim(path)).exists()

    def is_file(self, path: str) -> bool:
        """Tell whether it is a file."""
        return Path(self.path_dwim(path)).is_file()

    def is_directory(self, path: str) -> bool:
        """Tell whether it is a folder."""
        return Path(self.path_dwim(path)).is_dir()

    def list_directory(self, path: str) -> list[str]:
        """Return the names in a folder."""
        return os.listdir(self.path_dwim(path))  # noqa: PTH208 - names only

    def path_dwim(self, path: str) -> str:
        """Return the absolute path."""
        return absolute_path(str(path), self._settings.basedir)

    def get_basedir(self) -> str:
        """Return the folder relative paths begin at."""
        return absolute_path(".", self._settings.basedir)


class Entity:
    """A host or group by its name, as plugins see it."""

    def __init__(self, name: str, variables: MutableMapping[str, Any] | None = None, groups: Any = ()) -> None:
        self.name = name
        self.vars: MutableMapping[str, Any] = {} if variables is None else variables
        self.groups = list(groups)

    def get_name(self) -> str:
        """Return the name."""
        return self.name

    def get_vars(self) -> dict[str, Any]:
        """Return the variables written for it."""
        return dict(self.vars)

    def set_variable(self, key: str, value: Any) -> None:
        """Set a variable."""
        self.vars[key] = value

    def get_groups(self) -> list[Any]:
        """Return the groups that contain it."""
        return self.groups

    def __str__(self) -> str:
        return self.name


class Host(Entity):
    """A host."""


class Group(Entity):
    """A group."""


class _View(Mapping[str, Any]):
    """Hosts or groups by name, made when looked at."""

    def __init__(self, names: Mapping[str, Any], make: Callable[[str], Any]) -> None:
        self._names, self._make = names, make

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._names))

    def __len__(self) -> int:
        return len(self._names)


class InventoryData:
    """The inventory that is being read, as plugins fill it."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.hosts = _View(draft.hosts, self._host)
        self.groups = _View(draft.groups, lambda name: Group(name, draft.groups[name].vars))
        self.processed_sources: list[str] = []
        self.current_source = draft.source
        self.localhost = None

    def _host(self, name: str) -> Host:
        groups = self._draft.memberships([name])[name]
        return Host(name, self._draft.hosts[name], [Group(each, self._draft.groups[each].vars) for each in groups])

    def add_group(self, group: str) -> str:
        """Add a group; return the name it has."""
        if not isinstance(group, str) or not group:
            raise AnsibleError(f"Invalid empty/false group name provided: {group}")
        return self._draft.group(group)

    def add_host(self, host: str, group: str | None = None, port: Any = None) -> str:
        """Add a host, to a group that exists where one is named; return its name."""
        if not isinstance(host, str) or not host:
            raise AnsibleError(f"Invalid empty host name provided: {host}")
        if group is not None and str(group) not in self._draft.groups:
            raise AnsibleError(f"Could not find group {group} in inventory")
        self._draft.add_host(host, str(group) if group else UNGROUPED, {"ansible_port": port} if port else {})
        return host

    def set_variable(self, entity: str, varname: str, value: Any) -> None:
        """Set a variable of a group or host."""
        if str(entity) in self._draft.groups:
            self._draft.group_vars(str(entity), {varname: value})
        elif str(entity) in self._draft.hosts:
            self._draft.hosts[str(entity)][varname] = value
        else:
            raise AnsibleError(f"Could not identify group or host named {entity}")

    def add_child(self, group: str, child: str) -> bool:
        """Put a group or host into a group."""
        if str(group) not in self._draft.groups:
            raise AnsibleError(f"{group} is not a known group")
        if str(child) in self._draft.groups:
            self._draft.child(str(group), str(child), None)
        elif str(child) in self._draft.hosts:
            self._draft.add_host(str(child), str(group), {})
        else:
            raise AnsibleError(f"{child} is not a known host nor group")
        return True

    def get_host(self, hostname: str) -> Host | None:
        """Return a host, None where there is none."""
        return self._host(str(hostname)) if str(hostname) in self._draft.hosts else None

    def get_groups_dict(self) -> dict[str, list[str]]:
        """Return the hosts of every group."""
        return {name: list(group.hosts) for name, group in self._draft.groups.items()}

    def remove_host(self, host: Any) -> None:
        """Take a host away."""
        self._draft.hosts.pop(str(host), None)
        for group in self._draft.groups.values():
            group.hosts.pop(str(host), None)

    def remove_group(self, group: Any) -> None:
        """Take a group away."""
        self._draft.groups.pop(str(group), None)
        for each in self._draft.groups.values():
            each.children.pop(str(group), None)

    def reconcile_inventory(self) -> None:
        """Nothing has to be done: it is when all sources are read."""


class Templar:
    """Renders templates for a plugin."""

    def __init__(self, settings: LoadSettings) -> None:
        self._settings = settings
        self.available_variables: Mapping[str, Any] = {}

    def template(self, value: Any, *_args: object, **_kwargs: object) -> Any:
        """Return a value with its template rendered."""
        if not isinstance(value, str) or self._settings.render is None:
            return value
        return self._settings.render(value, self.available_variables)

    def is_template(self, value: Any) -> bool:
        """Tell whether a value is a template."""
        return isinstance(value, str) and ("{{" in value or "{%" in value)

    do_template = template


class Run(Protocol):
    """One source that is read by one plugin, as the plugin's base class needs it."""

    name: str
    reading: SourceReading

    def options_from(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plugin's options where its file gives these."""

    def take_cache(self, plugin: Any) -> None:
        """Begin with the cache that the options name."""

    def cache_of(self, plugin: Any) -> PluginCache:
        """Return the plugin's cache, as its options say."""

    def write_cache(self) -> None:
        """Write what changed in the cache."""


class HasOptions:
    """Options by name."""

    _options: dict[str, Any]

    def get_option(self, option: str, *_args: object, **_kwargs: object) -> Any:
        """Return an option; KeyError for one that the plugin does not declare."""
        if option not in self._options:
            raise KeyError(f"Requested entry (plugin_type: {type(self).__name__} setting: {option}) was not defined")
        return self._options[option]

    def get_options(self, *_args: object, **_kwargs: object) -> dict[str, Any]:
        """Return all options."""
        return dict(self._options)

    def set_option(self, option: str, value: Any) -> None:
        """Change an option."""
        self._options[option] = value

    def set_options(self, *_args: object, direct: Mapping[str, Any] | None = None, **_kwargs: object) -> None:
        """Give values to options."""
        self._options.update(direct or {})

    def has_option(self, option: str) -> bool:
        """Tell whether there is such an option."""
        return option in self._options


class BaseInventoryPlugin(HasOptions):
    """What an InventoryModule inherits."""

    NAME = ""
    TYPE = "generator"
    inventory: Any
    loader: Any
    templar: Any
    _run: Run

    def __init__(self) -> None:
        self._options = {}
        self._vars: dict[str, Any] = {}
        self.inventory, self.loader, self.templar = None, None, None
        self.display = Display()

    def parse(self, inventory: Any, loader: Any, path: Any, cache: bool = True) -> None:
        """Get ready to read a source."""
        del path, cache
        self.inventory, self.loader = inventory, loader
        self.templar = Templar(self._run.reading.settings)

    def verify_file(self, path: str) -> bool:
        """Tell whether the source is a file that can be read."""
        return Path(path).is_file() and os.access(path, os.R_OK)

    def _read_config_data(self, path: str) -> dict[str, Any]:
        """Return the options in a YAML file, and take them over."""
        content = self.loader.load_from_file(path)
        if not content:
            raise AnsibleError(f"{shown(path)} is empty")
        if not isinstance(content, dict):
            raise AnsibleError(f"inventory source has invalid structure, it should be a dictionary: {shown(path)}")
        if content.get("plugin"):
            wanted, mine = str(content["plugin"]), {self.NAME, self._run.name}
            if wanted not in mine and wanted.rpartition(".")[2] not in {each.rpartition(".")[2] for each in mine}:
                raise AnsibleError(f"Incorrect plugin name in file: {wanted}")
        self._consume_options(content)
        return dict(content)

    def _consume_options(self, data: Mapping[str, Any]) -> None:
        self._options.update(self._run.options_from(data))
        self._run.take_cache(self)

    def _expand_hostpattern(self, hostpattern: Any) -> tuple[list[str], int | None]:
        if not isinstance(hostpattern, str):
            text = f"Host pattern {hostpattern} must be a string. Enclose integers/floats in quotation marks."
            raise AnsibleError(text)
        try:
            return expand(hostpattern)
        except BadRange as error:
            raise AnsibleError(error) from None

    def _populate_host_vars(
        self, hosts: list[str], variables: Mapping[str, Any], group: str | None = None, port: Any = None
    ) -> None:
        for host in hosts:
            self.inventory.add_host(host, group=group, port=port)
            for key, value in variables.items():
                self.inventory.set_variable(host, key, value)

    def get_cache_key(self, path: str) -> str:
        """Return the key under which what is found for a file is kept."""
        return cache_key(self.NAME, path)

    @property
    def cache(self) -> PluginCache:
        """Return what is kept between runs."""
        return self._cache

    @property
    def _cache(self) -> PluginCache:
        return self._run.cache_of(self)


class BaseFileInventoryPlugin(BaseInventoryPlugin):
    """The same for plugins that read their own kind of file."""

    TYPE = "storage"


class Cacheable:
    """Adds what is kept between runs."""

    _run: Run
    _options: dict[str, Any]

    def load_cache_plugin(self) -> None:
        """Get ready: it is done when the cache is first looked at."""

    def update_cache_if_changed(self) -> None:
        """Write what changed."""
        self._run.write_cache()

    set_cache_plugin = update_cache_if_changed

    def clear_cache(self) -> None:
        """Forget everything."""
        self._run.cache_of(self).flush()


class Constructable:
    """Adds ``compose``, ``groups`` and ``keyed_groups``."""

    _run: Run
    _options: dict[str, Any]

    def _compose(self, template: str, variables: Mapping[str, Any], *_args: object, **_kwargs: object) -> Any:
        return self._constructor(strict=True).evaluate(template, variables)

    def _set_composite_vars(self, compose: Any, variables: Mapping[str, Any], host: str, strict: bool = False) -> None:
        self._constructor(strict).compose(host, compose or {}, variables)

    def _add_host_to_composed_groups(
        self, groups: Any, variables: Mapping[str, Any], host: str, strict: bool = False, fetch_hostvars: bool = True
    ) -> None:
        maker = self._constructor(strict)
        maker.join(host, groups or {}, {**maker.variables(host), **variables} if fetch_hostvars else variables)

    def _add_host_to_keyed_groups(
        self, keys: Any, variables: Mapping[str, Any], host: str, strict: bool = False, fetch_hostvars: bool = True
    ) -> None:
        maker = self._constructor(strict)
        maker.key(host, keys or [], {**maker.variables(host), **variables} if fetch_hostvars else variables)

    def _sanitize_group_name(self, name: str) -> str:
        return self._run.reading.draft.group(name)

    def _constructor(self, strict: bool) -> Constructor:
        options = self._options
        leading, extra = bool(options.get("leading_separator", True)), bool(options.get("use_extra_vars"))
        return Constructor(self._run.reading, Construct(strict, leading_separator=leading, use_extra_vars=extra))


class BaseVarsPlugin(HasOptions):
    """What a VarsModule inherits."""

    def __init__(self) -> None:
        self._options = {}
        self._display = Display()

    def get_vars(self, _loader: Any, path: str, _entities: Any, *_args: object) -> dict[str, Any]:
        """Return variables for hosts or groups; a plugin returns its own."""
        self._basedir = path
        return {}


class BaseCacheModule(HasOptions):
    """What a CacheModule inherits."""

    def __init__(self, *_args: object, **kwargs: Any) -> None:
        self._options = dict(kwargs)


def to_text(value: object, encoding: str = "utf-8", errors: str | None = None, **_kwargs: object) -> str:
    """Return text for bytes or anything else."""
    del errors
    return value.decode(encoding, "surrogateescape") if isinstance(value, bytes) else str(value)


def to_bytes(value: object, encoding: str = "utf-8", errors: str | None = None, **_kwargs: object) -> bytes:
    """Return bytes for text or anything else."""
    del errors
    return value if isinstance(value, bytes) else str(value).encode(encoding, "surrogateescape")


def _safe_name(name: str, *_args: object, **_kwargs: object) -> str:
    return safe_group_name(name)


def interface() -> dict[str, dict[str, Any]]:
    """Return the modules plugins may import and what is in them, parents first."""
    errors = {f"Ansible{name}": AnsibleError for name in ("Error", "ParserError", "OptionsError", "RuntimeError")}
    texts = {"to_text": to_text, "to_native": to_text, "to_bytes": to_bytes}
    kinds: dict[str, Any] = {"string_types": (str,), "integer_types": (int,), "text_type": str, "binary_type": bytes}
    kinds["iteritems"] = lambda given: iter(given.items())
    inventory = {
        "BaseInventoryPlugin": BaseInventoryPlugin, "BaseFileInventoryPlugin": BaseFileInventoryPlugin,
        "Cacheable": Cacheable, "Constructable": Constructable, "expand_hostname_range": lambda text: expand(text)[0],
    }  # fmt: skip
    return {
        "ansible": {"__version__": "2.18.0"},
        "ansible.errors": errors,
        "ansible.inventory": {},
        "ansible.inventory.data": {"InventoryData": InventoryData},
        "ansible.inventory.group": {"Group": Group, "to_safe_group_name": _safe_name},
        "ansible.inventory.host": {"Host": Host},
        "ansible.module_utils": {},
        "ansible.module_utils._text": texts,
        "ansible.module_utils.six": kinds,
        "ansible.module_utils.common": {},
        "ansible.module_utils.common.text": {},
        "ansible.module_utils.common.text.converters": texts,
        "ansible.plugins": {},
        "ansible.plugins.inventory": inventory,
        "ansible.plugins.vars": {"BaseVarsPlugin": BaseVarsPlugin},
        "ansible.plugins.cache": {"BaseCacheModule": BaseCacheModule},
        "ansible.utils": {},
        "ansible.utils.display": {"Display": Display},
    }
