"""Variables by name."""

from __future__ import annotations

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.undefined import Missing

_NONE = object()


def run(terms: list[object], context: LookupContext, *, default: object = _NONE) -> list[object]:
    """Return the value of each variable; ``default`` stands for those that are not defined."""
    found: list[object] = []
    for term in terms:
        if not isinstance(term, str):
            raise LookupFailed(f'Invalid setting identifier, "{term}" is not a string, its a {type(term)}')
        try:
            value = context.variable(term)
        except KeyError:
            value = Missing(hint=f"No variable found with this name: {term}")
        if isinstance(value, Missing) and default is not _NONE:
            value = default
        if isinstance(value, Missing):
            value.missing_fail()
        found.append(value)
    return found
