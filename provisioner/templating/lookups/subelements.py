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
    things, key, skip = _checked(terms)
    keys = key.split(".")
    try:
        pairs = pairs_of(things, keys, skips_missing=skip, skips_others=skip)
    except ValueError as error:
        raise LookupFailed(str(error)) from error
    return [(_without(thing, keys), item) for thing, item in pairs]


def _checked(terms: list[object]) -> tuple[list[object], str, bool]:
    """Return the things that were not skipped, the key, and whether those without it are passed over."""
    if len(terms) not in (2, 3):
        raise LookupFailed("subelements lookup expects a list of two or three items")
    things, key = terms[0], terms[1]
    if not isinstance(things, (Mapping, list)):
        raise LookupFailed(f"subelements lookup expects a dictionary: first a dict or a list, not {things!r}")
    if not isinstance(key, str):
        raise LookupFailed(f"subelements lookup expects second a string, not {key!r}")
    flags = terms[2] if len(terms) == 3 else {}
    if not isinstance(flags, Mapping) or set(flags) - {"skip_missing"}:
        raise LookupFailed("subelements: the optional third item must be a dict with the flag skip_missing")
    return _unskipped(things), key, bool(boolean(flags.get("skip_missing", False)))


def _unskipped(things: Mapping[object, object] | list[object]) -> list[object]:
    if isinstance(things, Mapping):
        if things.get("skipped", False) is not False:
            return []
        things = list(things.values())
    wrong = next((thing for thing in things if not isinstance(thing, Mapping)), None)
    if wrong is not None:
        raise LookupFailed(f"subelements lookup expects a dictionary, got '{wrong}'")
    return [thing for thing in things if isinstance(thing, Mapping) and not thing.get("skipped")]


def _without(thing: object, keys: list[str]) -> object:
    """Return the thing without the list that was opened."""
    if not isinstance(thing, Mapping) or not keys:
        return thing
    if len(keys) == 1:
        return {key: value for key, value in thing.items() if key != keys[0]}
    return {key: _without(value, keys[1:]) if key == keys[0] else value for key, value in thing.items()}
