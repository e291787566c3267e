"""A random network address that completes a prefix."""

from __future__ import annotations

import random as chance


def random_mac(value: str, seed: object = None) -> str:
    """Return a MAC address that begins with ``value``; with ``seed`` always the same.

    >>> random_mac("52:54:00", seed="web1") == random_mac("52:54:00", seed="web1")
    True
    """
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # type: ignore[arg-type]  # noqa: S311
    given = str(value).lower().strip(":").split(":")
    if len(given) > 5 or not all(len(part) == 2 and set(part) <= set("0123456789abcdef") for part in given):
        raise ValueError(f"random_mac: '{value}' is not the beginning of a MAC address")
    low = 1 if len(given) == 1 else 0
    return ":".join([*given, *(f"{source.randint(low, 255):02x}" for _ in range(6 - len(given)))])
