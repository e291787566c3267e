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
    keys = terms[1].split(".") if isinstance(terms[1], str) else []
    return [(_without(thing, keys), item) for thing, item in subelements(things, terms[1], skip_missing=skip)]


def _without(thing: object, keys: list[str]) -> object:
    """Return the thing without the list that was opened."""
    if not isinstance(thing, Mapping) or not keys:
        return thing
    if len(keys) == 1:
        return {key: value for key, value in thing.items() if key != keys[0]}
    return {key: _without(value, keys[1:]) if key == keys[0] else value for key, value in thing.items()}
