"""What to write for values that JSON and YAML have no word for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2.runtime import Undefined

from provisioner.templating.undefined import Missing


def encodable(value: Any) -> Any:
    """Return a plain value that stands for ``value``: for JSON's ``default``."""
    if isinstance(value, Missing):
        value.missing_fail()
    if isinstance(value, Undefined):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    raise TypeError(f"a {type(value).__name__} cannot be written as data")


def plain_data(value: Any) -> Any:
    """Return a copy of ``value`` of plain dictionaries, lists, strings, numbers and dates: for YAML.

    >>> plain_data({"a": (1, 2)})
    {'a': [1, 2]}
    """
    if value is None or isinstance(value, (bool, int, float, datetime.datetime, datetime.date)):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {plain_data(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    return plain_data(encodable(value))
