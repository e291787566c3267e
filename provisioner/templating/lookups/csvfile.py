"""Cells of CSV files."""

from __future__ import annotations

import csv
import io
import shlex
from typing import Any

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the cell of column ``col`` in the row whose column ``keycol`` is the term.

    Options: file (ansible.csv), delimiter (TAB), col (1), keycol (0), default, encoding; also ``key file=x.csv col=2``.
    """
    found: list[object] = []
    for term in terms:
        words = shlex.split(str(term)) if "=" in str(term) else [str(term)]
        chosen = {**options, **dict(word.split("=", 1) for word in words if "=" in word)}
        key = " ".join(word for word in words if "=" not in word)
        cell = _cell(key, context, chosen)
        if cell is not None:
            found.append(cell)
    return found


def _cell(key: str, context: LookupContext, options: dict[str, Any]) -> object:
    _, text = context.read(str(options.get("file", "ansible.csv")))
    delimiter = str(options.get("delimiter", "TAB"))
    column, key_column = int(options.get("col", 1)), int(options.get("keycol", 0))
    for row in csv.reader(io.StringIO(text), delimiter="\t" if delimiter in ("TAB", "t") else delimiter):
        if len(row) > max(column, key_column) and row[key_column] == key:
            return row[column]
    return options.get("default")
