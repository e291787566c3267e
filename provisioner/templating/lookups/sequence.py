"""Numbers in a row."""

from __future__ import annotations

import re
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

_SHORT = re.compile(r"(?:(0?[0-9a-fA-Fx]+)-)?(0?[0-9a-fA-Fx]+)(?:/(-?[0-9a-fA-Fx]+))?(?::(.+))?")
MOST = 1_000_000
USUAL = {"start": 1, "end": None, "count": None, "stride": 1, "format": "%d"}


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return numbers as text: ``start=1 end=5 stride=2 format=web%02d``, ``count=3`` or short ``1-5/2:web%02d``.

    The same options may be given by name: start (1), end, count, stride, format (%d).
    """
    del context
    strange = set(options) - set(USUAL)
    if strange:
        raise LookupFailed(f"unrecognized arguments to with_sequence: {sorted(strange)}")
    found: list[object] = []
    for term in terms or [""]:
        found += _numbers({**USUAL, **options, **_read(str(term))}, str(term))
    return found


def _read(term: str) -> dict[str, object]:
    if not term.strip():
        return {}
    short = _SHORT.fullmatch(term.strip())
    if short:
        named = zip(("start", "end", "stride", "format"), short.groups(), strict=True)
        return {name: value for name, value in named if value is not None}
    options: dict[str, object] = {}
    for word in term.split():
        name, equals, value = word.partition("=")
        if not equals:
            raise LookupFailed(f"unknown error parsing with_sequence arguments: '{word}' is not 'name=value'")
        options[name] = value
    strange = sorted(set(options) - set(USUAL))
    if strange:
        raise LookupFailed(f"unrecognized arguments to with_sequence: {strange}")
    return options


def _numbers(options: dict[str, Any], term: str) -> list[str]:
    numbers = _range(options, term)
    if len(numbers) > MOST:
        raise LookupFailed(f"{len(numbers)} numbers are more than {MOST}")
    try:
        if options["format"].count("%") - 2 * options["format"].count("%%") != 1:
            raise LookupFailed(f"bad formatting string: {options['format']}")
        return [options["format"] % number for number in numbers]
    except (TypeError, ValueError):
        raise LookupFailed(f"problem formatting {numbers[0]} with '{options['format']}'") from None


def _number(options: dict[str, Any], name: str, term: str) -> int:
    try:
        return int(str(options[name]), 0)
    except ValueError:
        raise LookupFailed(f"Invalid type for {name} in '{term}': '{options[name]}' is no whole number") from None


def _range(options: dict[str, Any], term: str) -> range:
    if options["count"] is None and options["end"] is None:
        raise LookupFailed("must specify count or end in with_sequence")
    if options["count"] is not None and options["end"] is not None:
        raise LookupFailed("can't specify both count and end in with_sequence")
    first = _number(options, "start", term)
    if options["count"] is not None:
        count, step = _number(options, "count", term), _number(options, "stride", term)
        return range(first, first + count * step, step) if count and step else range(0)
    last, step = _number(options, "end", term), _number(options, "stride", term)
    if step == 0:
        return range(0)
    if step > 0 and last < first:
        raise LookupFailed("to count backwards make stride negative")
    if step < 0 and last > first:
        raise LookupFailed("to count forward don't make stride negative")
    return range(first, last + (1 if step > 0 else -1), step)
