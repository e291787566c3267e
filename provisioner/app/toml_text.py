"""Writes plain data as TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date

from provisioner.diagnostics.errors import InputError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(data: Mapping[str, object]) -> str:
    """Return a mapping as TOML; InputError for what TOML has no form for."""
    return "\n".join(_table(data, ())).strip("\n")


def _table(data: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table: its own values, then its tables; one that is empty is named."""
    values = {_key(key): value for key, value in data.items() if not isinstance(value, Mapping) or not value}
    tables = {_key(key): value for key, value in data.items() if isinstance(value, Mapping) and value}
    if path and (values or not tables):
        yield ""
        yield f"[{'.'.join(path)}]"
    for key, value in values.items():
        yield f"{key} = {_value(value)}"
    for key, inner in tables.items():
        yield from _table(inner, (*path, key))


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise InputError.at(
            None, f"The source inventory contains a key that is no string ({key!r}), which TOML cannot represent",
            hint="quote it where it is written",
        )  # fmt: skip
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items())}}}"
    if value is None:
        raise InputError.at(None, "The source inventory contains a null, which TOML cannot represent")
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
