"""Variables by name."""

from __future__ import annotations

from provisioner.templating.context import LookupContext
from provisioner.templating.undefined import Missing

_NONE = object()


def run(terms: list[object], context: LookupContext, *, default: object = _NONE) -> list[object]:
    """Return the value of each variable; ``default`` stands for those that are not defined."""
    found: list[object] = []
    for term in terms:
        if not isinstance(term, str):
            raise ValueError(f"'{term}' is no name of a variable")
        try:
            value = context.variable(term)
        except KeyError:
            value = Missing(hint=f"there is no variable '{term}'")
        if isinstance(value, Missing) and default is not _NONE:
            value = default
        if isinstance(value, Missing):
            value.missing_fail()
        found.append(value)
    return found
