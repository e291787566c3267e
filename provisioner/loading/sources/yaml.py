"""Inventories in YAML or JSON form: groups with ``hosts``, ``children`` and ``vars``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position, Source, position_of
from provisioner.loading.draft import Draft
from provisioner.loading.files import shown
from provisioner.loading.reading import kind_of
from provisioner.loading.source_reading import NotMine, SourceReading, load_yaml

_KEYS = ("hosts", "children", "vars")


def accepts(path: str, reading: SourceReading) -> bool:
    """Tell whether it is a file with an ending of YAML, or without any."""
    place = Path(path)
    return place.is_file() and place.suffix in ("", *reading.inventory.yaml_extensions)


def read(path: str, reading: SourceReading) -> None:
    """Add the groups; a file without ending that is no YAML is most likely INI."""
    is_named = Path(path).suffix != ""
    start = Position(Source(shown(path)), 1, 1)
    try:
        content = load_yaml(path, reading)
    except InputError as error:
        raise error if is_named else NotMine(error.diagnostics) from None
    if not content:
        raise InputError.at(start, "Parsed empty YAML file")
    if not isinstance(content, dict):
        where = position_of(content) or start
        kind = InputError if is_named else NotMine
        raise kind.at(where, f"an inventory must be a mapping of groups, not {kind_of(content)}")
    if content.get("plugin"):
        raise NotMine.at(position_of(content["plugin"]), "Plugin configuration YAML file, not YAML inventory")
    read_groups(content, reading.draft)


def read_groups(content: Mapping[object, object], draft: Draft) -> None:
    """Add a YAML inventory's groups to ``draft``."""
    for name, body in content.items():
        if not isinstance(name, str):
            draft.findings.error(
                f"a group's name must be a string, not {kind_of(name)} ('{name}')", position_of(content)
            )
            continue
        _group(name, body, draft)


def _group(written: str, body: object, draft: Draft) -> None:
    name = draft.group(written)
    if body is None:
        return
    if not isinstance(body, dict):
        draft.findings.error(f"group '{name}' must be a mapping, not {kind_of(body)}", position_of(written),
                             hint="below a group stand hosts:, children: and vars:")  # fmt: skip
        return
    for key in body:
        if key == "vars":
            draft.group_vars(name, {str(var): value for var, value in _mapping(body, key, name, draft).items()})
        elif key == "children":
            for child, inner in _mapping(body, key, name, draft).items():
                _child(child, inner, name, position_of(inner) or position_of(written), draft)
        elif key == "hosts":
            for host, values in _mapping(body, key, name, draft).items():
                _host(host, values, name, position_of(host) or position_of(values) or position_of(written), draft)
        else:
            draft.findings.warn(f"unknown key '{key}' of group '{name}' is not used", position_of(key),
                                hint=nearest(str(key), _KEYS))  # fmt: skip


def _child(child: object, inner: object, group: str, where: Position | None, draft: Draft) -> None:
    if not isinstance(child, str):
        draft.findings.error(f"a group's name must be a string, not {kind_of(child)} ('{child}')", where)
        return
    _group(child, inner, draft)
    draft.child(group, child, position_of(child))


def _host(host: object, values: object, group: str, where: Position | None, draft: Draft) -> None:
    if not isinstance(host, str):
        text = f"Host pattern {host} must be a string. Enclose integers/floats in quotation marks."
        draft.findings.error(text, where)
        return
    if values is not None and not isinstance(values, dict):
        text = f"variables of host '{host}' must be a mapping, not {kind_of(values)}"
        draft.findings.error(text, position_of(values) or where)
    draft.host(host, group, values if isinstance(values, dict) else {}, where)


def _mapping(body: Mapping[str, object], key: str, group: str, draft: Draft) -> dict[object, object]:
    value = body.get(key)
    if value is None:
        return {}
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, dict):
        return value
    where = position_of(value) or position_of(next(iter(body)))
    draft.findings.error(f"'{key}' of group '{group}' must be a mapping, not {kind_of(value)}", where,
                         hint="write 'name:' without a dash")  # fmt: skip
    return {}
