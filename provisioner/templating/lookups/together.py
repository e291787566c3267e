"""Items of lists side by side."""

from __future__ import annotations

import itertools

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return first items together, second items together; a short list is filled up with None."""
    del context
    lists = [term if isinstance(term, (list, tuple)) else [term] for term in terms]
    if not lists:
        raise LookupFailed("with_together requires at least one element in each list")
    return [list(group) for group in itertools.zip_longest(*lists)]
