"""Names of variables by pattern."""

from __future__ import annotations

import re

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the names that match any of the regular expressions."""
    layers = reversed(context.scope.layers)
    names = [*dict.fromkeys(name for layer in layers for name in layer.values)]
    found: list[object] = []
    for term in terms:
        if not isinstance(term, str):
            raise LookupFailed(f"Invalid setting identifier, '{term}' is not a string, it is a {type(term).__name__}")
        try:
            pattern = re.compile(term)
        except re.error as error:
            raise LookupFailed(f"Unable to use '{term}' as a search parameter: {error}") from error
        found += [name for name in names if pattern.search(name)]
    return found
