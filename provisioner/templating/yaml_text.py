"""Writes data as YAML text, character for character as playbooks are used to (libyaml's emitter, YAML 1.1)."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from typing import Any

from _ruamel_yaml import CEmitter  # type: ignore[import-not-found] # of ruamel.yaml.clib, which has no types
from ruamel.yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from provisioner.templating.encoding import plain_data

_NOT_A_STRING = re.compile(
    r"""(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
    |~|null|Null|NULL|
    |=|<<
    |[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?
    |\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+
    |[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+
    |[0-9]{4}-[0-9]{2}-[0-9]{2}
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?
     (?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)""",
    re.VERBOSE | re.ASCII,
)
"""What YAML 1.1 reads as something else than a string, so that a string of that form is quoted."""

_PREFIX = "tag:yaml.org,2002:"


def dump(value: object, *, default_flow_style: bool | None = None, sort_keys: bool = True, **layout: Any) -> str:
    """Return ``value`` as YAML.

    ``default_flow_style``: False writes every item on a line of its own, None keeps lists and dictionaries of scalars
    on one line. ``layout``: indent, width, explicit_start, explicit_end, allow_unicode, canonical, line_break.

    >>> print(dump({"b": [1, "yes"], "a": "x: y"}, default_flow_style=False), end="")
    a: 'x: y'
    b:
    - 1
    - 'yes'
    """
    stream = io.StringIO()
    layout.setdefault("allow_unicode", True)
    start, end = layout.pop("explicit_start", None), layout.pop("explicit_end", None)
    style = layout.pop("default_style", None)
    try:
        emitter = CEmitter(stream, **layout)
    except TypeError as error:
        raise ValueError(f"writing YAML: {error}") from error
    writer = _Writer(default_flow_style, sort_keys, style)
    emitter.emit(StreamStartEvent(encoding=None))
    emitter.emit(DocumentStartEvent(explicit=bool(start), version=None, tags=None))
    for event in writer.events(plain_data(value)):
        emitter.emit(event)
    emitter.emit(DocumentEndEvent(explicit=bool(end)))
    emitter.emit(StreamEndEvent())
    text = stream.getvalue()
    return text if end else text.removesuffix("...\n")


class _Writer:
    """Turns data into the events of YAML."""

    def __init__(self, flow: bool | None, sort_keys: bool, style: str | None) -> None:
        self._flow, self._sort, self._style = flow, sort_keys, style

    def events(self, value: Any) -> Iterator[Event]:
        """Yield the events that write ``value``."""
        if isinstance(value, dict):
            yield MappingStartEvent(anchor=None, tag=None, implicit=True, flow_style=self._on_a_line(value))
            for key in self._ordered(value):
                yield from self.events(key)
                yield from self.events(value[key])
            yield MappingEndEvent()
        elif isinstance(value, list):
            yield SequenceStartEvent(anchor=None, tag=None, implicit=True, flow_style=self._on_a_line(value))
            for item in value:
                yield from self.events(item)
            yield SequenceEndEvent()
        else:
            yield self._scalar(value)

    def _on_a_line(self, value: dict[Any, Any] | list[Any]) -> bool:
        if self._flow is not None:
            return self._flow
        if isinstance(value, dict):
            return not any(_spread(part) for pair in value.items() for part in pair)
        return not any(_spread(item) for item in value)

    def _ordered(self, value: dict[Any, Any]) -> list[Any]:
        if not self._sort:
            return list(value)
        try:
            return sorted(value)
        except TypeError:
            return list(value)

    def _scalar(self, value: Any) -> ScalarEvent:
        kind, text = _spelled(value)
        style = self._style
        is_string = kind == "str"
        plain_is_clear = _NOT_A_STRING.fullmatch(text) is None if is_string else style is None
        implicit = (plain_is_clear, is_string)
        return ScalarEvent(anchor=None, tag=_PREFIX + kind, implicit=implicit, value=text, style=style)


def _spread(value: object) -> bool:
    """Tell whether a value keeps what it is in from standing on one line."""
    return isinstance(value, (dict, list))


def _spelled(value: Any) -> tuple[str, str]:
    if value is None:
        return "null", "null"
    if isinstance(value, bool):
        return "bool", "true" if value else "false"
    if isinstance(value, int):
        return "int", str(value)
    if isinstance(value, float):
        return "float", _float(value)
    if isinstance(value, datetime.datetime):
        return "timestamp", value.isoformat(" ")
    if isinstance(value, datetime.date):
        return "timestamp", value.isoformat()
    return "str", value


def _float(value: float) -> str:
    if value != value:  # noqa: PLR0124 - not a number is the one that differs from itself
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value).lower()
    return text.replace("e", ".0e", 1) if "." not in text and "e" in text else text
