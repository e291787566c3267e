"""Numbers in a row."""

from __future__ import annotations

import re
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

_SHORT = re.compile(r"(?:(0?[0-9a-fA-Fx]+)-)?(0?[0-9a-fA-Fx]+)(?:/(-?[0-9a-fA-Fx]+))?(?::(.+))?")
MOST = 1_000_000
USUAL = {"start": 1, "end": None, "count": None, "stride": None, "format": "%d"}


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return numbers as text: ``start=1 end=5 stride=2 format=web%02d``, ``count=3`` or short ``1-5/2:web%02d``.

    The same options may be given by name: start (1), end, count, stride, format (%d).
    """
    del context
    strange = set(options) - set(USUAL)
    if strange:
        raise LookupFailed(f"unknown option {', '.join(sorted(strange))}; there are {', '.join(USUAL)}")
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
        if not equals or name not in USUAL:
            raise LookupFailed(f"'{word}' is not start=, end=, count=, stride= or format=")
        options[name] = value
    return options


def _numbers(options: dict[str, Any], term: str) -> list[str]:
    numbers = _range(options, term)
    if len(numbers) > MOST:
        raise LookupFailed(f"{len(numbers)} numbers are more than {MOST}")
    try:
        return [options["format"] % number for number in numbers]
    except (TypeError, ValueError):
        raise LookupFailed(f"format '{options['format']}' needs one number, such as %d or %02x") from None


def _range(options: dict[str, Any], term: str) -> range:
    if (options["count"] is None) == (options["end"] is None):
        raise LookupFailed(f"give either count or end in '{term}'")
    first = int(str(options["start"]), 0)
    if options["count"] is not None:
        count, step = int(str(options["count"]), 0), int(str(options["stride"] or 1), 0)
        return range(first, first + count * step, step) if count and step else range(0)
    last = int(str(options["end"]), 0)
    step = int(str(options["stride"] or (1 if last >= first else -1)), 0)
    if step == 0:
        return range(0)
    if (last - first) * step < 0:
        raise LookupFailed(f"from {first} one does not get to {last} by steps of {step}")
    return range(first, last + (1 if step > 0 else -1), step)
