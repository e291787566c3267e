"""Figures that tasks keep of a run (``set_stats``): of the run as a whole or of a host, added up as they come."""

from __future__ import annotations

from typing import Any

from provisioner.records import dataclass

RUN = "_run"
"""What the figures of the run as a whole go by."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value; ``host`` is empty for the run as a whole. ``adds``: to what is there, instead of replacing it."""

    host: str
    name: str
    value: object
    adds: bool


def keep(figures: dict[str, dict[str, Any]], new: Figure) -> None:
    """Put a figure among those kept so far, by host."""
    mine = figures.setdefault(new.host or RUN, {})
    mine[new.name] = added(mine.get(new.name), new.value) if new.adds else new.value


def added(old: object, new: object) -> object:
    """Return numbers added, texts and lists joined, dictionaries merged; values of other kinds replace each other."""
    if isinstance(old, bool) or isinstance(new, bool):
        return new
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return old + new
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *new]
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **new}
    return new
