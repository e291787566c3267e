"""Reads INI text."""

from __future__ import annotations

import configparser


def from_ini(value: object, delimiters: tuple[str, ...] = ("=", ":")) -> dict[str, dict[str, str]]:
    """Return the sections of an INI text, each with its keys and values; names keep their case.

    >>> from_ini("[a]\\nX = 1\\n")
    {'a': {'X': '1'}}
    """
    parser = configparser.ConfigParser(interpolation=None, delimiters=tuple(delimiters))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(str(value))
    except configparser.Error as error:
        raise ValueError(f"from_ini: {error}") from error
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    return {"DEFAULT": dict(parser.defaults()), **sections} if parser.defaults() else sections
