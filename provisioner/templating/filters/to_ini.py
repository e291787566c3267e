"""Writes INI text."""

from __future__ import annotations

import configparser
import io
from collections.abc import Mapping


def to_ini(value: object) -> str:
    """Return a dictionary of sections, each a dictionary, as INI text; names keep their case.

    >>> print(to_ini({"a": {"X": 1}}), end="")
    [a]
    X = 1
    """
    if not isinstance(value, Mapping) or not value or not all(isinstance(each, Mapping) for each in value.values()):
        raise ValueError("to_ini: a dictionary of sections is wanted, each of them a dictionary")
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_dict(value)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue().rstrip("\n") + "\n"
