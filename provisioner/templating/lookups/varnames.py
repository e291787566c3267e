"""Names of variables by pattern."""

from __future__ import annotations

import re

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the names that match any of the regular expressions."""
    names = sorted(context.scope.names())
    return [name for term in terms for name in names if re.search(str(term), name)]
