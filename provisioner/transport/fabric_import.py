"""Imports Fabric without ``unittest.mock``, which Invoke names for its own tests and which imports all of asyncio.

While Fabric is imported a stand-in answers to that name. It is complete: what is asked of it comes from the real
module, only later, when it is asked; ``Mock``, the one name that Invoke takes at once, makes real mocks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

MOCKS = "unittest.mock"


class Deferred(ModuleType):
    """Stands in for ``unittest.mock`` until something of it is needed."""

    @staticmethod
    def Mock(*args: Any, **keywords: Any) -> Any:  # noqa: N802 - the name it stands in for
        """Return a real mock."""
        return import_module(MOCKS).Mock(*args, **keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _withdraw(self)
        return getattr(import_module(MOCKS), name)


def _withdraw(stand_in: ModuleType) -> None:
    if sys.modules.get(MOCKS) is stand_in:
        del sys.modules[MOCKS]


@contextmanager
def _without_mocks() -> Iterator[None]:
    if MOCKS in sys.modules:
        yield
        return
    stand_in = Deferred(MOCKS)
    sys.modules[MOCKS] = stand_in
    try:
        yield
    finally:
        _withdraw(stand_in)


with _without_mocks():
    fabric: Any = import_module("fabric")
