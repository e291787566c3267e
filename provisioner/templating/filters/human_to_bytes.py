"""A size as people write it, as a number of bytes."""

from __future__ import annotations

import re

from provisioner.templating.sizes import UNITS


def human_to_bytes(size: object, default_unit: str | None = None, isbits: bool = False) -> int:
    """Return bytes (or bits) for ``10M``, ``1.5 GB`` or a plain number.

    >>> human_to_bytes("1.15 GB"), human_to_bytes("10", "K")
    (1234803098, 10240)
    """
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*", str(size))
    if found is None:
        raise ValueError(f"human_to_bytes: '{size}' is no size")
    unit = found.group(2) or default_unit or ""
    base = "b" if isbits else "B"
    words = {"bit", "bits"} if isbits else {"byte", "bytes"}
    factors = {"": 1, base.lower() if not isbits else "b": 1, **dict.fromkeys(words, 1)}
    for letter, factor in UNITS:
        factors[letter.lower()] = factor
        factors[f"{letter.lower()}b"] = factor
    if unit.lower() not in factors:
        raise ValueError(f"human_to_bytes: '{unit}' in '{size}' is no unit")
    return round(float(found.group(1)) * factors[unit.lower()])
