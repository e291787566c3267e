"""How inventories are read, as the configuration says."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.app.foreign_inventory import read_by_ansible
from provisioner.app.policy import read_policy
from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.execution.fact_cache import open_cache
from provisioner.loading.inventory_settings import PRECEDENCE, CacheSettings, InventorySettings
from provisioner.model.options import AT_RUN, RunOptions


def inventory_settings(found: Configuration, options: RunOptions) -> InventorySettings:
    """Return the settings; InputError for a word that is none."""
    return InventorySettings(
        merges=found.value("DEFAULT_HASH_BEHAVIOUR") == "merge",
        enabled=found.texts("INVENTORY_ENABLED"),
        unread_is_error=options.mistakes != AT_RUN and not found.given("INVENTORY_ANY_UNPARSED_IS_FAILED"),
        unparsed_is_failed=found.flag("INVENTORY_UNPARSED_IS_FAILED"),
        any_unparsed_is_failed=found.flag("INVENTORY_ANY_UNPARSED_IS_FAILED"),
        warns_of_nothing=found.flag("INVENTORY_UNPARSED_WARNING"),
        ignored_extensions=found.texts("INVENTORY_IGNORE_EXTS"),
        ignored_patterns=found.texts("INVENTORY_IGNORE_PATTERNS"),
        yaml_extensions=found.texts("YAML_FILENAME_EXTENSIONS"),
        mismatch=found.text("HOST_PATTERN_MISMATCH") or "warning",
        group_names=found.text("TRANSFORM_INVALID_GROUP_CHARS") or "never",
        vars_plugins=found.texts("VARIABLE_PLUGINS_ENABLED"),
        precedence=_precedence(found.texts("VARIABLE_PRECEDENCE")),
        uses_extra_vars=_configured(found)("ANSIBLE_INVENTORY_USE_EXTRA_VARS", "inventory_plugins", "use_extra_vars")
        in ("1", "true", "True", "yes", "on"),
        inventory_folders=found.texts("DEFAULT_INVENTORY_PLUGIN_PATH"),
        vars_folders=found.texts("DEFAULT_VARS_PLUGIN_PATH"),
        cache_folders=found.texts("DEFAULT_CACHE_PLUGIN_PATH"),
        cache=_cache(found),
        is_flushing=options.flush_cache,
        verbosity=options.verbosity,
        foreign=lambda path: read_by_ansible(path, found.environ),
        cached_facts=lambda host: open_cache(read_policy(found).cache).load(host),
        configured=_configured(found),
    )


def _precedence(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word not in PRECEDENCE:
            hint = nearest(word, PRECEDENCE) or f"one of {', '.join(PRECEDENCE)}"
            raise InputError.at(None, f"VARIABLE_PRECEDENCE cannot have '{word}'", hint=hint)
    return words


def _cache(found: Configuration) -> CacheSettings:
    """Return the settings of the cache; those of the cache of facts stand in where there are none of its own."""
    plain = CacheSettings()
    timeout_s = found.number("INVENTORY_CACHE_TIMEOUT" if found.given("INVENTORY_CACHE_TIMEOUT") or not
                             found.given("CACHE_PLUGIN_TIMEOUT") else "CACHE_PLUGIN_TIMEOUT")  # fmt: skip
    return CacheSettings(
        found.flag("INVENTORY_CACHE_ENABLED"),
        found.text("INVENTORY_CACHE_PLUGIN") or found.text("CACHE_PLUGIN") or plain.plugin,
        found.text("INVENTORY_CACHE_PLUGIN_CONNECTION") or found.text("CACHE_PLUGIN_CONNECTION"),
        found.text("INVENTORY_CACHE_PLUGIN_PREFIX") or plain.prefix,
        plain.timeout_s if timeout_s is None else timeout_s,
    )


def _configured(found: Configuration) -> Callable[[str, str, str], str | None]:
    """Return how plugins look up settings of their own: by environment variable, or by section and key."""

    def find(variable: str, section: str, key: str) -> str | None:
        if variable and variable in found.environ:
            return found.environ[variable]
        if found.cfg is None or not key:
            return None
        written = found.cfg.values.get((section, key))
        return None if written is None else str(written)

    return find
