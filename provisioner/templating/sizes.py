"""Units of sizes."""

from __future__ import annotations

UNITS = tuple((letter, 1 << (10 * power)) for power, letter in reversed(list(enumerate("KMGTPEZY", 1))))
"""Letters and factors, the largest first."""
