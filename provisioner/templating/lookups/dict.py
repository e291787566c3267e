"""Dictionaries as lists of key and value."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return ``{key, value}`` for every entry of the dictionaries, sorted by key where that is possible."""
    del context
    found: list[object] = []
    for term in terms[0] if len(terms) == 1 and isinstance(terms[0], list) else terms:
        if not isinstance(term, Mapping):
            raise ValueError(f"with_dict expects a dict, not {type(term).__name__}")
        found += [{"key": key, "value": value} for key, value in term.items()]
    return found
