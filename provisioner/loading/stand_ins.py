"""Stand-ins for modules of ansible that a project's own plugins import."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

MARK = "__is_of_provisioner__"


def are_needed(plugin: Path) -> bool:
    """Tell whether a plugin names ansible, and ansible is not installed, or not with what it cannot do without."""
    if b"ansible" not in plugin.read_bytes():
        return False
    present = sys.modules.get("ansible")
    if present is not None:
        return bool(getattr(present, MARK, False))
    return any(importlib.util.find_spec(name) is None for name in ("ansible", "yaml"))


def is_installed() -> bool:
    """Tell whether ``import ansible`` finds something that is not ours."""
    present = sys.modules.get("ansible")
    if present is not None:
        return not getattr(present, MARK, False)
    return importlib.util.find_spec("ansible") is not None


def provide(modules: Mapping[str, Mapping[str, object]]) -> None:
    """Make these modules importable, parents first; what an earlier call put into one of them stays unless named."""
    for name, contents in modules.items():
        module = sys.modules.get(name)
        if module is None:
            module = ModuleType(name, "A stand-in of provisioner for project plugins.")
            module.__path__ = []
            setattr(module, MARK, True)
            sys.modules[name] = module
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, module)
        vars(module).update(contents)


@contextmanager
def in_place(modules: Mapping[str, Mapping[str, object]]) -> Iterator[None]:
    """Let imports of ansible mean these modules and nothing else, as long as the block lasts."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ansible(name)}
    provide(modules)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _is_ansible(name)]:
            del sys.modules[name]
        sys.modules.update(before)


@contextmanager
def meaning(modules: Mapping[str, Mapping[str, object]]) -> Iterator[None]:
    """Let imports of ansible mean these modules; where ansible is not installed that stays so, for later imports."""
    if is_installed():
        with in_place(modules):
            yield
    else:
        provide(modules)
        yield


def _is_ansible(name: str) -> bool:
    return name == "ansible" or name.startswith("ansible.")
