"""Environment variables of the controller."""

from __future__ import annotations

import os

from provisioner.templating.context import LookupContext
from provisioner.templating.undefined import Missing


def run(terms: list[object], context: LookupContext, *, default: object = "") -> list[object]:
    """Return the value of each variable, ``default`` where it is not set (``Undefined``: then it is undefined)."""
    del context
    found: list[object] = []
    for term in terms:
        name = str(term).split()[0] if str(term).split() else ""
        value: object = os.environ.get(name, default)
        if isinstance(value, Missing):
            value = Missing(hint=f"the environment has no variable '{name}'")
        found.append(value)
    return found
