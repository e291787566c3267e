"""A random item."""

from __future__ import annotations

import secrets

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return one of the terms."""
    del context
    return [secrets.choice(terms)] if terms else []
