"""Reads CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any


def from_csv(
    value: object, dialect: str = "excel", fieldnames: Sequence[str] | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Return a row as a dictionary each; the first line names the columns unless ``fieldnames`` does.

    Other options: delimiter, skipinitialspace, strict.

    >>> from_csv("name,n\\na,1\\nb,2\\n")
    [{'name': 'a', 'n': '1'}, {'name': 'b', 'n': '2'}]
    """
    known = {"delimiter", "skipinitialspace", "strict"}
    if set(options) - known:
        raise ValueError(f"from_csv: options are {', '.join(sorted(known))}")
    if dialect not in csv.list_dialects():
        raise ValueError(f"from_csv: dialect is one of {', '.join(csv.list_dialects())}, not '{dialect}'")
    given = {name: option for name, option in options.items() if option is not None}
    try:
        return [dict(row) for row in csv.DictReader(io.StringIO(str(value)), fieldnames, dialect=dialect, **given)]
    except csv.Error as error:
        raise ValueError(f"from_csv: {error}") from error
