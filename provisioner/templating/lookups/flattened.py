"""Items of lists within lists."""

from __future__ import annotations

from provisioner.templating.context import LookupContext
from provisioner.templating.filters.flatten import flatten


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return all items in one list, however deep they are."""
    del context
    return flatten(terms)
