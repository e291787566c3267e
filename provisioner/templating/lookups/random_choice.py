"""A random item."""

from __future__ import annotations

import secrets

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return one of the terms."""
    del context
    items = terms[0] if len(terms) == 1 and isinstance(terms[0], list) else terms
    return [secrets.choice(items)] if items else []
