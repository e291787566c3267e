"""Events as JSON objects and back, for the journal and for programs; field names are those of the event classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_args

from provisioner.model.event import Event, HostStats
from provisioner.model.status import Status

Line = Mapping[str, Any]

EVENT_TYPES: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
"""Every event class by the name it has in a journal."""


def encode(event: Event) -> dict[str, Any]:
    """Return ``event`` as a JSON-able object whose first key is ``type``."""
    encoded: dict[str, Any] = {"type": type(event).__name__}
    for name in _FIELDS[type(event).__name__]:
        encoded[name] = _outward(getattr(event, name))
    return encoded


def decode(line: Line) -> Event:
    """Return the event that ``line`` holds; ValueError says what is wrong with it. Unknown fields are ignored."""
    name = line.get("type")
    kind = EVENT_TYPES.get(str(name))
    if kind is None:
        raise ValueError(f"unknown event type {name!r}")
    values = {}
    for field, convert in _FIELDS[kind.__name__].items():
        if field in line:
            values[field] = convert(line[field])
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"incomplete {name}: {error}") from None


def to_json(value: object) -> str:
    """Return compact ASCII JSON; what JSON has no form for (a set, a date, bytes) is written as text."""
    try:
        return json.dumps(value, separators=(",", ":"))
    except TypeError:
        return json.dumps(_jsonable(value), separators=(",", ":"))


def _jsonable(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_jsonable(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


def _outward(value: object) -> object:
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Status):
        return value.value
    if isinstance(value, HostStats):
        return {name: getattr(value, name) for name in _STATS}
    if isinstance(value, Mapping) and value and all(isinstance(item, HostStats) for item in value.values()):
        return {key: _outward(item) for key, item in value.items()}
    return value


_AS_IT_IS = frozenset({str, int, float, bool, type(None), tuple, list})


def _same(value: Any) -> Any:
    return value


def _stats(value: Mapping[str, Mapping[str, int]]) -> dict[str, HostStats]:
    return {host: HostStats(**{k: v for k, v in row.items() if k in _STATS}) for host, row in value.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} stands where a mapping belongs")
    return value


_INWARD: Mapping[str, Callable[[Any], Any]] = {
    "str": _text,
    "Data": _mapping,
    "Mapping[str, Data]": _mapping,
    "Status": Status,
    "tuple[str, ...]": tuple,
    "Mapping[str, HostStats]": _stats,
}
"""How to read a field back, by its annotation; everything else is read as JSON has it."""

_STATS = tuple(field.name for field in fields(HostStats))
_FIELDS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    name: {field.name: _INWARD.get(str(field.type), _same) for field in fields(kind)}
    for name, kind in EVENT_TYPES.items()
}
