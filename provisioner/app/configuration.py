"""Shows the configuration: every setting with its value and where that comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from provisioner.configuration.configuration import Configuration, Setting, read_configuration, shown
from provisioner.configuration.table import table
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError, nearest


def chosen(
    found: Configuration, words: Sequence[str] = (), *, only_changed: bool = False, with_plugins: bool = False
) -> list[Setting]:
    """Return the settings to show: those named by their name, key or environment variable, else all of them."""
    everything = [*found.settings(), *(found.plugin_settings() if with_plugins or words else ())]
    if words:
        everything = [each for word in words for each in _named(word, everything)]
    return [each for each in everything if not (only_changed and each.is_default)]


def _named(word: str, settings: Iterable[Setting]) -> list[Setting]:
    wanted = word.casefold()
    known = {each: _names(each) for each in settings}
    matching = [each for each, names in known.items() if wanted in names]
    if not matching:
        hint = nearest(wanted, {name for names in known.values() for name in names})
        raise InputError.at(None, f"there is no setting '{word}'", hint=hint)
    return matching


def _names(setting: Setting) -> frozenset[str]:
    definition = setting.definition
    keys = [key for _, key in definition.ini] + [f"{section}.{key}" for section, key in definition.ini]
    return frozenset(name.casefold() for name in (definition.name, *keys, *definition.env))


def as_text(settings: Sequence[Setting]) -> str:
    """Return a line for each setting: its name, its value, its origin."""
    width = max((len(each.definition.name) for each in settings), default=0)
    lines = []
    for each in settings:
        remark = "" if each.definition.has_effect else "; has no effect here"
        lines.append(f"{each.definition.name:<{width}} = {shown(each.value)}  ({each.place or 'in use'}{remark})")
    return "\n".join(lines)


def as_json(settings: Sequence[Setting]) -> str:
    """Return the settings as a JSON list."""
    listed = [
        {
            "name": each.definition.name,
            "value": list(each.value) if isinstance(each.value, tuple) else each.value,
            "origin": each.origin,
            "line": each.line or None,
            "kind": each.definition.kind,
            "about": each.definition.about,
            "has_effect": each.definition.has_effect,
        }
        for each in settings
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False)


def load(path: str | None = None) -> Configuration:
    """Return the configuration of this process, or the one that counts with another ``ansible.cfg``."""
    named = Path(path) if path else None
    if named is not None and not named.is_file():
        known_as = f"The provided configuration file is missing or not accessible: {path}"
        raise InputError.at(None, f"the configuration file {path} does not exist", known_as=known_as)
    return read_configuration(cfg=named)


def warnings(found: Configuration, verbosity: int) -> list[Diagnostic]:
    """Return what to warn of: what was passed over, and with ``-v`` what no setting knows."""
    return [*found.warnings, *(found.unknown() if verbosity else ())]


def known_names() -> list[str]:
    """Return the names of all settings."""
    return list(table().settings)
