"""Every combination of the items of lists."""

from __future__ import annotations

import itertools

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.filters.flatten import flatten


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return all lists with one item of each list, the last one changing fastest."""
    del context
    if not terms:
        raise LookupFailed("with_nested requires at least one element in the nested list")
    lists = [term if isinstance(term, (list, tuple)) else [term] for term in terms]
    return [flatten(list(choice)) for choice in itertools.product(*lists)]
