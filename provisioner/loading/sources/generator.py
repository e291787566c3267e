"""Hosts and groups from every combination of the words in some lists: ``plugin: generator``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.loading.draft import ALL
from provisioner.loading.reading import kind_of
from provisioner.loading.source_reading import SourceReading, is_config_file, read_config

accepts = is_config_file


def read(path: str, reading: SourceReading) -> None:
    """Add a host for each combination of ``layers``, with its parents."""
    config = read_config(path, reading, "generator")
    hosts, layers = config.get("hosts"), config.get("layers")
    if not isinstance(hosts, Mapping) or not isinstance(layers, Mapping):
        raise InputError.at(position_of(hosts) or position_of(layers), "a generator needs 'hosts' and 'layers', "
                            "both mappings")  # fmt: skip
    for name, words in layers.items():
        if not isinstance(words, list):
            raise InputError.at(position_of(name), f"layer '{name}' must be a list, not {kind_of(words)}")
    for words in product(*layers.values()):
        values = dict(zip(layers, words, strict=True))
        host = _rendered(hosts.get("name"), values, reading)
        reading.draft.add_host(host, ALL, {})
        _parents(host, hosts, values, reading, is_host=True)


def _parents(
    child: str, entry: Mapping[str, object], values: Mapping[str, object], reading: SourceReading, *, is_host: bool
) -> None:
    parents = entry.get("parents") or []
    for parent in parents if isinstance(parents, list) else [parents]:
        if not isinstance(parent, Mapping) or "name" not in parent:
            raise InputError.at(position_of(parent), "Element 'name' is missing in the parents of a generator")
        group = reading.draft.group(_rendered(parent["name"], values, reading))
        variables = parent.get("vars") or {}
        if not isinstance(variables, Mapping):
            raise InputError.at(position_of(parent["name"]), f"'vars' must be a mapping, not {kind_of(variables)}")
        rendered = {name: _value(value, values, reading) for name, value in variables.items()}
        reading.draft.group_vars(group, rendered)
        if is_host:
            reading.draft.add_host(child, group, {})
        else:
            reading.draft.child(group, child, position_of(parent["name"]))
        _parents(group, parent, values, reading, is_host=False)


def _value(value: object, values: Mapping[str, object], reading: SourceReading) -> object:
    return _rendered(value, values, reading) if isinstance(value, str) else value


def _rendered(text: object, values: Mapping[str, object], reading: SourceReading) -> str:
    if text is None:
        raise InputError.at(None, "Element 'name' is missing in the hosts of a generator")
    render = reading.settings.render
    if render is None:
        raise InputError.at(position_of(text), "templates cannot be rendered here")
    try:
        return str(render(str(text), values))
    except KeyError as error:
        raise InputError.at(position_of(text), f"{error} is undefined") from None
