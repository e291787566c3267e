"""Numbers in a row."""

from __future__ import annotations

import re
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

_SHORT = re.compile(r"(?:(0?[0-9a-fA-Fx]+)-)?(0?[0-9a-fA-Fx]+)(?:/(-?[0-9a-fA-Fx]+))?(?::(.+))?")
MOST = 1_000_000


def run(  # noqa: PLR0913 - its documented options
    terms: list[object],
    context: LookupContext,
    *,
    start: object = 1,
    end: object = None,
    count: object = None,
    stride: object = None,
    format: str = "%d",
) -> list[object]:
    """Return numbers as text: ``start=1 end=5 stride=2 format=web%02d``, ``count=3`` or short ``1-5/2:web%02d``."""
    del context
    given = {"start": start, "end": end, "count": count, "stride": stride, "format": format}
    found: list[object] = []
    for term in terms or [""]:
        found += _numbers({**given, **_read(str(term))}, str(term))
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
        if not equals or name not in ("start", "end", "count", "stride", "format"):
            raise LookupFailed(f"'{word}' is not start=, end=, count=, stride= or format=")
        options[name] = value
    return options


def _numbers(options: dict[str, Any], term: str) -> list[str]:
    first = int(str(options["start"]), 0)
    if options["count"] is None and options["end"] is None:
        raise LookupFailed(f"give count or end in '{term}'")
    if options["count"] is not None and options["end"] is not None:
        raise LookupFailed(f"give count or end, not both, in '{term}'")
    if options["count"] is not None:
        count = int(str(options["count"]), 0)
        step = int(str(options["stride"] or 1), 0)
        last = first + count * step - (1 if step > 0 else -1) if count else None
    else:
        last = int(str(options["end"]), 0)
        step = int(str(options["stride"] or (1 if last >= first else -1)), 0)
    if last is None or step == 0:
        return []
    if (step > 0 and last < first) or (step < 0 and last > first):
        raise LookupFailed(f"from {first} one does not get to {last} by steps of {step}")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers) > MOST:
        raise LookupFailed(f"{len(numbers)} numbers are more than {MOST}")
    try:
        return [options["format"] % number for number in numbers]
    except (TypeError, ValueError):
        raise LookupFailed(f"format '{options['format']}' needs one number, such as %d or %02x") from None
