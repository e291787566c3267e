"""Things paired with the items of a list in each."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.templating.context import LookupContext
from provisioner.templating.filters.subelements import subelements


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return pairs; terms are the things, the (dotted) key of the list, and ``{skip_missing: true}`` if wanted."""
    del context
    if len(terms) not in (2, 3):
        raise ValueError("it takes a list or dictionary, a key, and optionally {skip_missing: true}")
    flags = terms[2] if len(terms) == 3 else {}
    skip = bool(flags.get("skip_missing", False)) if isinstance(flags, Mapping) else bool(flags)
    things = terms[0]
    if isinstance(things, Mapping):
        things = [thing for thing in things.values() if not (isinstance(thing, Mapping) and thing.get("skipped"))]
    return list(subelements(things, terms[1], skip_missing=skip))
