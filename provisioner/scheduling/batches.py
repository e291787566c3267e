"""Cuts a play's hosts into batches (``serial``) and puts them in order (``order``). Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence

ORDERS = ("inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle")


def batches(hosts: Sequence[str], serial: Sequence[object]) -> tuple[tuple[str, ...], ...]:
    """Return the batches. ``serial`` entries are numbers or percentages of all hosts; the last one repeats.

    Without ``serial``, or where an entry comes to nothing or less, all remaining hosts are one batch. ValueError for
    an entry that is no number.
    """
    sizes = [_size(entry, len(hosts)) for entry in serial] or [len(hosts)]
    cut: list[tuple[str, ...]] = []
    at = 0
    while at < len(hosts):
        size = sizes[min(len(cut), len(sizes) - 1)]
        size = size if size > 0 else len(hosts)
        cut.append(tuple(hosts[at : at + size]))
        at += size
    return tuple(cut)


def _size(entry: object, total: int) -> int:
    text = str(entry).strip()
    if text.endswith("%"):
        return max(1, int(float(text[:-1]) / 100 * total))
    return int(text)


def ordered(hosts: Sequence[str], order: str | None) -> tuple[str, ...]:
    """Return the hosts in the play's ``order``; ValueError for a word that is none."""
    match order:
        case None | "" | "inventory":
            return tuple(hosts)
        case "reverse_inventory":
            return tuple(reversed(hosts))
        case "sorted":
            return tuple(sorted(hosts))
        case "reverse_sorted":
            return tuple(sorted(hosts, reverse=True))
        case "shuffle":
            return tuple(random.sample(list(hosts), len(hosts)))
        case _:
            raise ValueError(f"'{order}' is not an order; one of {', '.join(ORDERS)}")
