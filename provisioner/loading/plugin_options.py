"""The options of a user's own plugin: what its DOCUMENTATION declares, from its file, the environment, the settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import Source
from provisioner.loading.inventory_settings import InventorySettings
from provisioner.loading.reading import kind_of
from provisioner.remote.params import boolean
from provisioner.syntax import yaml

_CONSTRUCTED: dict[str, Mapping[str, Any]] = {
    "strict": {"type": "bool", "default": False},
    "compose": {"type": "dict", "default": {}},
    "groups": {"type": "dict", "default": {}},
    "keyed_groups": {"type": "list", "default": []},
    "leading_separator": {"type": "bool", "default": True},
    "use_extra_vars": {"type": "bool", "default": False},
}


def declared(module: ModuleType, name: str) -> dict[str, Mapping[str, Any]]:
    """Return the options a plugin's DOCUMENTATION declares, those of the fragments we know included."""
    text = getattr(module, "DOCUMENTATION", "")
    content = yaml.load(Source(f"DOCUMENTATION of {name}", str(text))) if text else None
    if not isinstance(content, dict):
        return {}
    fragments = content.get("extends_documentation_fragment") or []
    found: dict[str, Mapping[str, Any]] = {}
    for fragment in [fragments] if isinstance(fragments, str) else fragments:
        short = str(fragment).rpartition(".")[2]
        if short == "constructed":
            found |= _CONSTRUCTED
        elif short == "inventory_cache":
            found |= _cache_options()
    options = content.get("options")
    return found | {key: spec for key, spec in (options or {}).items() if isinstance(spec, dict)}


def _cache_options() -> dict[str, Mapping[str, Any]]:
    return {
        "cache": {"type": "bool"},
        "cache_plugin": {"type": "str"},
        "cache_timeout": {"type": "int"},
        "cache_connection": {"type": "str"},
        "cache_prefix": {"type": "str"},
    }


def values(
    specs: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any], settings: InventorySettings
) -> dict[str, Any]:
    """Return the value of every option: given, from the environment or ``ansible.cfg``, or its default."""
    cache = settings.cache
    ours = {
        "cache": cache.enabled,
        "cache_plugin": cache.plugin,
        "cache_timeout": cache.timeout_s,
        "cache_connection": cache.connection,
        "cache_prefix": cache.prefix,
        "use_extra_vars": settings.uses_extra_vars,
    }
    found: dict[str, Any] = {}
    for name, spec in specs.items():
        aliases = [name, *(spec.get("aliases") or ())]
        written = next((given[alias] for alias in aliases if alias in given), None)
        if written is None:
            written = _configured(spec, settings)
        if written is None:
            written = spec["default"] if "default" in spec else ours.get(name)
        if written is None and spec.get("required"):
            raise InputError.at(None, f"No setting was provided for required configuration option '{name}'")
        found[name] = None if written is None else _typed(name, written, spec)
    return found | {name: value for name, value in given.items() if name not in found}


def _configured(spec: Mapping[str, Any], settings: InventorySettings) -> str | None:
    for place in spec.get("env") or ():
        found = settings.configured(str(place.get("name", "")), "", "")
        if found is not None:
            return found
    for place in spec.get("ini") or ():
        found = settings.configured("", str(place.get("section", "")), str(place.get("key", "")))
        if found is not None:
            return found
    return None


def _typed(name: str, value: Any, spec: Mapping[str, Any]) -> Any:
    kind = spec.get("type", "str")
    try:
        match kind:
            case "bool" | "boolean":
                return boolean(value)
            case "int" | "integer":
                return int(value)
            case "float":
                return float(value)
            case "list" | "pathlist":
                if isinstance(value, str):
                    return [word.strip() for word in value.split(",")]
                return value if isinstance(value, list) else [value]
            case "path" | "tmppath":
                return str(expanded(str(value)))
            case "dict" | "dictionary" if not isinstance(value, dict):
                raise ValueError(value)
            case _:
                return value
    except (ValueError, TypeError):
        raise InputError.at(None, f"option '{name}' must be of type {kind}, not {kind_of(value)}") from None
