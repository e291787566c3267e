"""Imports Fabric without what it names and a run never asks for; each part comes when something of it is needed.

- ``unittest.mock``: Invoke names it for its own tests, and it imports all of asyncio.
- Invoke's YAML parser, for settings of Invoke's that we do not read; it compiles a dozen patterns.
- ``importlib.metadata``, which imports all of ``email``: Paramiko asks it for its own version.

While Fabric is imported stand-ins answer to these names. They are complete: what is asked of them comes from the real
module, only later; what Invoke and Paramiko take at once has an answer of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

MOCKS, YAML, METADATA = "unittest.mock", "invoke.vendor.yaml", "importlib.metadata"
SAYS = "Version: "


class Deferred(ModuleType):
    """Stands in for a module until something of it is needed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.real(), name)

    def real(self) -> ModuleType:
        """Return the module it stands for; from now on everybody gets that one."""
        _withdraw(self)
        return import_module(self.__name__)


class DeferredMocks(Deferred):
    """Stands in for ``unittest.mock``; ``Mock``, the one name that Invoke takes at once, makes real mocks."""

    @staticmethod
    def Mock(*args: Any, **keywords: Any) -> Any:  # noqa: N802 - the name it stands in for
        """Return a real mock."""
        return import_module(MOCKS).Mock(*args, **keywords)


class DeferredYaml(Deferred):
    """Stands in for Invoke's own copy of a YAML parser; a distribution may have taken it out for the system's."""

    def real(self) -> ModuleType:
        """Return the parser that Invoke would have."""
        try:
            return super().real()
        except ModuleNotFoundError:
            return import_module("yaml")


class DeferredMetadata(Deferred):
    """Stands in for ``importlib.metadata``; ``version`` reads the one line it is asked for by itself."""

    def version(self, name: str) -> str:
        """Return a distribution's version."""
        found = _version(name)
        return str(self.real().version(name)) if found is None else found


def _version(name: str) -> str | None:
    """Return the version of the first distribution of that name on the path, where it is installed as usual."""
    pattern = name.replace("-", "_").lower() + "-*.dist-info"
    for folder in map(Path, sys.path):
        found = next(folder.glob(pattern), None) if folder.is_dir() else None
        if found is not None:
            return _said_in(found / "METADATA")
    return None


def _said_in(file: Path) -> str | None:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return next((line.removeprefix(SAYS).strip() for line in lines if line.startswith(SAYS)), None)


def _withdraw(stand_in: ModuleType) -> None:
    if sys.modules.get(stand_in.__name__) is stand_in:
        del sys.modules[stand_in.__name__]


@contextmanager
def _stand_ins() -> Iterator[None]:
    made = [DeferredMocks(MOCKS), DeferredYaml(YAML), DeferredMetadata(METADATA)]
    wanted = [each for each in made if each.__name__ not in sys.modules]
    sys.modules.update({each.__name__: each for each in wanted})
    try:
        yield
    finally:
        for each in wanted:
            _withdraw(each)


with _stand_ins():
    fabric: Any = import_module("fabric")
