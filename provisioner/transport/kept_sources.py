"""What was made of the worker's sources, kept on the controller from one run to the next.

Parsing and slimming the forty files of a small run costs more than all its tasks. What is kept is named by a hash of
the source it was made of and is used for exactly that text; without a keeper everything is made anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Protocol

MADE_BY = "1"
"""Counts up when the same source is to become something else than before."""

Import = tuple[int, str, tuple[str, ...]]
"""A relative import as it is written: how many dots, the module behind them, the names."""
Slimmed = tuple[str, tuple[Import, ...]]
"""A source as it travels, and what it imports."""


class Keeper(Protocol):
    """What outlives a run."""

    def find(self, name: str) -> Any:
        """Return what is kept under a name, or None."""

    def keep(self, name: str, code: Any) -> None:
        """Keep what `marshal` can write."""


def nobody() -> None:
    """Keep nothing."""


class KeptSources:
    """Makes what travels of sources, or finds it with a keeper, which is asked for when it is first needed."""

    def __init__(self, keeper: Callable[[], Keeper | None] = nobody) -> None:
        self._keeper = keeper

    def slimmed(self, source: str, make: Callable[[str], Slimmed]) -> Slimmed:
        """Return what ``make`` makes of a source."""
        found: Slimmed = self._kept("slimmed", source, make)
        return found

    def compressed(self, code: str) -> bytes:
        """Return the code a worker starts from, compressed."""
        found: bytes = self._kept("compressed", code, _compressed)
        return found

    def _kept(self, kind: str, text: str, make: Callable[[str], Any]) -> Any:
        keeper = self._keeper()
        if keeper is None:
            return make(text)
        name = "\0".join((kind, MADE_BY, text))
        found = keeper.find(name)
        if found is None:
            found = make(text)
            keeper.keep(name, found)
        return found


def _compressed(code: str) -> bytes:
    return zlib.compress(code.encode(), 9)
