"""Items with their numbers."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.lookups.items import opened


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return pairs of number (from 0) and item."""
    del context
    if not isinstance(terms, list) or any(isinstance(term, Mapping) for term in terms[:1] if len(terms) == 1):
        raise LookupFailed("with_indexed_items expects a list")
    return [(number, item) for number, item in enumerate(opened(terms))]
