"""Items with their numbers."""

from __future__ import annotations

from provisioner.templating.context import LookupContext
from provisioner.templating.lookups.items import opened


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return pairs of number (from 0) and item."""
    del context
    return [(number, item) for number, item in enumerate(opened(terms))]
