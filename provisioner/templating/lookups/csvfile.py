"""A cell of a CSV file."""

from __future__ import annotations

import csv
import io
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.inline_options import split_options

OPTIONS = ("file", "delimiter", "col", "keycol", "default", "encoding")


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the cell of column ``col`` in the row whose column ``keycol`` is the term.

    Options: file (ansible.csv), delimiter (TAB), col (1), keycol (0), default, encoding; also ``key file=x.csv col=2``.
    """
    found: list[object] = []
    for term in terms or [""]:
        key, chosen = split_options(term, OPTIONS, options)
        if not key:
            raise LookupFailed("Search key is required but was not found")
        cell = _cell(key, context, chosen)
        found += cell if isinstance(cell, list) else [] if cell is None else [cell]
    return found


def _cell(key: str, context: LookupContext, options: dict[str, Any]) -> object:
    name = str(options.get("file", "ansible.csv"))
    path = context.find(name, "files")
    if path is None:
        raise LookupFailed(f"csvfile: [Errno 2] No such file or directory: '{name}'")
    text = context.settings.read_file(path).decode(str(options.get("encoding", "utf-8")))
    delimiter = str(options.get("delimiter", "TAB"))
    if delimiter in ("TAB", "t", "\\t"):
        delimiter = "\t"
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if row and len(row) > (column := _number(options, "keycol", 0)) and row[column] == key:
            return row[_number(options, "col", 1)]
    return options.get("default")


def _number(options: dict[str, Any], name: str, otherwise: int) -> int:
    try:
        return int(options.get(name, otherwise))
    except ValueError:
        raise LookupFailed(f"csvfile: {name} is '{options[name]}', which is no number") from None
