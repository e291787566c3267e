"""Items of lists."""

from __future__ import annotations

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the items; lists among the terms are opened one level deep."""
    del context
    return opened(terms)


def opened(terms: list[object]) -> list[object]:
    """Return the terms with the items of lists in their place."""
    found: list[object] = []
    for term in terms:
        if isinstance(term, (list, tuple)):
            found += term
        else:
            found.append(term)
    return found
