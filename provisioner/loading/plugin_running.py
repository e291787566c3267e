"""Runs the user's own inventory plugins, and makes the cache plugins and the options that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.loading import plugin_options, user_plugins
from provisioner.loading.files import shown
from provisioner.loading.inventory_cache import PluginCache, Store, our_store
from provisioner.loading.plugin_interface import BaseInventoryPlugin, Cacheable, Display, InventoryData, Loader
from provisioner.loading.settings import LoadSettings
from provisioner.loading.source_reading import SourceReading


class InventoryRun:
    """One source read by one plugin of the user's."""

    def __init__(self, module: ModuleType, name: str, reading: SourceReading) -> None:
        self.name, self.reading = name, reading
        self._module = module
        self._specs = plugin_options.declared(module, name)
        self._cache: PluginCache | None = None

    def accepts(self, path: str) -> bool:
        """Ask the plugin whether it can read a source."""
        plugin = self._made()
        return bool(self._guarded(lambda: plugin.verify_file(path)))

    def read(self, path: str) -> None:
        """Let the plugin read a source."""
        plugin = self._made()
        inventory, loader = InventoryData(self.reading.draft), Loader(self.reading.settings)
        self._guarded(lambda: plugin.parse(inventory, loader, path, cache=not self.reading.inventory.is_flushing))
        self.write_cache()

    def _made(self) -> Any:
        plugin = self._guarded(self._module.InventoryModule)
        if not isinstance(plugin, BaseInventoryPlugin):
            raise InputError.at(None, f"inventory plugin '{self.name}' must inherit BaseInventoryPlugin",
                                hint="from ansible.plugins.inventory import BaseInventoryPlugin")  # fmt: skip
        plugin._run = self
        plugin.display = Display(self.reading.draft.findings.warn)
        plugin._options.update({**self.options_from({}), **plugin._options})
        return plugin

    def _guarded(self, call: Callable[[], Any]) -> Any:
        """Call the plugin: whatever it raises is its mistake, and told as such."""
        try:
            return call()
        except InputError:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}" if not str(error) or type(error) is KeyError else str(error)
            raise InputError.at(None, text) from error

    def options_from(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plugin's options where its file gives these."""
        if not given:
            lenient = {name: {**spec, "required": False} for name, spec in self._specs.items()}
            return plugin_options.values(lenient, given, self.reading.inventory)
        return plugin_options.values(self._specs, given, self.reading.inventory)

    def take_cache(self, plugin: Any) -> None:
        """Begin with the cache that the options name."""
        self._cache = None
        if isinstance(plugin, Cacheable) and plugin._options.get("cache"):
            self.cache_of(plugin)

    def cache_of(self, plugin: Any) -> PluginCache:
        """Return the plugin's cache, as its options say."""
        if self._cache is None:
            self._cache = open_cache(plugin._options, self.reading.settings)
        return self._cache

    def write_cache(self) -> None:
        """Write what changed in the cache, if it was looked at."""
        if self._cache is not None:
            self._cache.update_cache_if_changed()


def open_cache(options: Mapping[str, Any], settings: LoadSettings) -> PluginCache:
    """Return the cache that the options of an inventory file name; what they do not say the settings say."""
    plain = settings.inventory.cache
    name = str(options.get("cache_plugin") or plain.plugin)
    found = {
        "_uri": options.get("cache_connection") or plain.connection,
        "_prefix": options.get("cache_prefix") or plain.prefix,
        "_timeout": plain.timeout_s if options.get("cache_timeout") is None else options["cache_timeout"],
    }
    return PluginCache(name, store(name, found, settings))


def store(name: str, options: Mapping[str, Any], settings: LoadSettings) -> Store:
    """Return where a cache called ``name`` keeps values: ours, or a CacheModule of the user's."""
    path = user_plugins.find("cache", name, settings)
    if path is None:
        found = our_store(name, options)
        if found is None:
            raise InputError.at(None, f"there is no cache '{name}'", hint="ours are jsonfile and memory")
        return found
    module = user_plugins.load(path, ("CacheModule",))
    try:
        made: Store = module.CacheModule(**options)
    except Exception as error:
        raise InputError.at(None, f"cache plugin {shown(path)} cannot be made: {error}") from error
    return made


def give_options(plugin: Any, module: ModuleType, name: str, settings: LoadSettings) -> None:
    """Give a vars plugin the options its DOCUMENTATION declares."""
    plugin.set_options(direct=plugin_options.values(plugin_options.declared(module, name), {}, settings.inventory))
