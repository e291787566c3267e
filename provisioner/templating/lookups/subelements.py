"""Things paired with the items of a list in each."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.remote.params import boolean
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.filters.subelements import pairs_of


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return pairs; terms are the things, the (dotted) key of the list, and ``{skip_missing: true}`` if wanted."""
    del context
    if len(terms) not in (2, 3):
        raise LookupFailed("subelements lookup expects a list of two or three items")
    flags = terms[2] if len(terms) == 3 else {}
    things = terms[0]
    if not isinstance(things, (Mapping, list)) or not isinstance(terms[1], str):
        wrong = "first a dict or a list" if not isinstance(things, (Mapping, list)) else "second a string"
        raise LookupFailed(f"subelements lookup expects a dictionary or list and a key: {wrong}, not {terms}")
    if not isinstance(flags, Mapping) or set(flags) - {"skip_missing"}:
        raise LookupFailed("subelements: the optional third item must be a dict with the flag skip_missing")
    skip = bool(boolean(flags.get("skip_missing", False)))
    if isinstance(things, Mapping):
        if things.get("skipped", False) is not False:
            return []
        things = [thing for thing in things.values() if not (isinstance(thing, Mapping) and thing.get("skipped"))]
    keys = terms[1].split(".")
    things = [thing for thing in things if not (isinstance(thing, Mapping) and thing.get("skipped"))]
    for thing in things:
        if not isinstance(thing, Mapping):
            raise LookupFailed(f"subelements lookup expects a dictionary, got '{thing}'")
    try:
        pairs = pairs_of(things, keys, skips_missing=skip, skips_others=skip)
    except ValueError as error:
        raise LookupFailed(str(error)) from error
    return [(_without(thing, keys), item) for thing, item in pairs]


def _without(thing: object, keys: list[str]) -> object:
    """Return the thing without the list that was opened."""
    if not isinstance(thing, Mapping) or not keys:
        return thing
    if len(keys) == 1:
        return {key: value for key, value in thing.items() if key != keys[0]}
    return {key: _without(value, keys[1:]) if key == keys[0] else value for key, value in thing.items()}
