"""Inventories in TOML form: a table for each group, with ``hosts``, ``children`` and ``vars``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position, Source
from provisioner.loading.draft import Draft
from provisioner.loading.files import read_source, shown
from provisioner.loading.reading import kind_of
from provisioner.loading.source_reading import NotMine, SourceReading
from provisioner.syntax import yaml

_KEYS = ("hosts", "children", "vars")


def accepts(path: str, _reading: SourceReading) -> bool:
    """Tell whether it is a TOML file."""
    return Path(path).suffix == ".toml" and Path(path).is_file()


def read(path: str, reading: SourceReading) -> None:
    """Add the groups."""
    source = yaml.decrypted(read_source(path), reading.settings.vault)
    try:
        content = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise InputError.at(Position(source, 1, 1), f"this is no TOML: {error}") from None
    if "plugin" in content:
        raise NotMine.at(None, "a plugin's configuration must be YAML, not TOML")
    if not content:
        raise InputError.at(Position(source, 1, 1), "Parsed empty TOML file")
    where = Position(Source(shown(path)), 1, 1)
    for name, body in content.items():
        _group(name, body, where, reading.draft)


def _group(name: str, body: object, where: Position, draft: Draft) -> None:
    name = draft.group(name)
    if not isinstance(body, Mapping):
        draft.findings.warn(f"Skipping '{name}' as this is not a valid group definition", where)
        return
    for key, value in body.items():
        if key == "vars" and isinstance(value, Mapping):
            draft.group_vars(name, value)
        elif key == "children" and isinstance(value, list):
            for child in value:
                draft.child(name, str(child), where)
        elif key == "hosts" and isinstance(value, Mapping):
            for host, variables in value.items():
                draft.host(host, name, variables if isinstance(variables, Mapping) else {}, where)
        elif key in _KEYS:
            wanted = "a list" if key == "children" else "a table"
            draft.findings.error(f"'{key}' of group '{name}' must be {wanted}, not {kind_of(value)}", where)
        else:
            text = f'Skipping unexpected key "{key}" in group "{name}", only "vars", "children" and "hosts" are valid'
            draft.findings.warn(text, where, hint=nearest(key, _KEYS))
