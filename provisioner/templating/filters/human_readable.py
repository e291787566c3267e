"""A number of bytes as people read it."""

from __future__ import annotations

from provisioner.templating.sizes import UNITS


def human_readable(size: object, isbits: bool = False, unit: str | None = None) -> str:
    """Return a size with two decimals and a fitting (or the given) unit.

    >>> human_readable(1536), human_readable(8, isbits=True), human_readable(1048576, unit="K")
    ('1.50 KB', '8.00 bits', '1024.00 KB')
    """
    base = "b" if isbits else "B"
    word = "bits" if isbits else "Bytes"
    try:
        number = float(str(size))
    except ValueError:
        raise ValueError(f"human_readable() failed on bad input: '{size}' is no number") from None
    for letter, factor in UNITS:
        if (unit is None and number >= factor) or (unit is not None and unit.upper() == letter):
            return f"{number / factor:.2f} {letter}{base}"
    return f"{number:.2f} {word}"
