"""Which file a module's name means: in library folders, in an ansible-core installation, in installed collections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from provisioner.bridge.installation import Installation
from provisioner.loading.collections import Collections
from provisioner.records import dataclass

IGNORED = frozenset(
    {".pyc", ".pyo", ".swp", ".bak", ".orig", ".rpm", ".md", ".txt", ".rst", ".yaml", ".yml", ".ini", ".json"}
)
"""Endings of files that are no modules (what Ansible's MODULE_IGNORE_EXTS says)."""

BUILT_IN = ("ansible.builtin.", "ansible.legacy.")


@dataclass(frozen=True, slots=True)
class Foreign:
    """A module that is not ours: its name as results show it, the full name it is imported by, its file."""

    name: str
    module: str
    path: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a module cannot be run, with the way out."""

    text: str


class Library:
    """Looks modules up; folders are listed once, and again when they change."""

    def __init__(self) -> None:
        self._listed: dict[str, tuple[int, dict[str, str]]] = {}

    def beside(self, name: str, folders: Sequence[str]) -> Foreign | None:
        """Return the user's own module of that name, the first that the library folders hold."""
        for folder in folders:
            path = self._listing(folder).get(name)
            if path is not None:
                return Foreign(name, f"ansible.modules.{name}", path)
        return None

    def installed(self, written: str, there: Installation, collections: Collections) -> Foreign | Refusal | None:
        """Return the module of an installation or of a collection; None where neither has it."""
        name = written
        for prefix in BUILT_IN:
            name = name.removeprefix(prefix)
        if name.count(".") < 2:
            path = self._listing(f"{there.ansible}/modules").get(name)
            if path is not None:
                action = Path(there.ansible, "plugins/action", f"{name}.py")
                return _unless_acted(Foreign(name, f"ansible.modules.{name}", path), str(action))
            moved = redirect(there, name)
            return self.collected(moved, collections) if moved else None
        return self.collected(name, collections)

    def collected(self, name: str, collections: Collections) -> Foreign | None:
        """Return the module of a collection by its full name, redirects followed.

        Its action plugin, where it has one, is what runs it: a task was given to that one.
        """
        found = collections.plugin("modules", name)
        if found is None or found.path is None:
            return None
        words = found.name.split(".")
        full = ".".join(["ansible_collections", *words[:2], "plugins.modules", *words[2:]])
        return Foreign(found.name, full, found.path)

    def _listing(self, folder: str) -> dict[str, str]:
        place = Path(folder)
        try:
            changed = place.stat().st_mtime_ns
        except OSError:
            return {}
        kept = self._listed.get(folder)
        if kept is None or kept[0] != changed:
            kept = self._listed[folder] = (changed, _modules(place))
        return kept[1]


def _modules(place: Path) -> dict[str, str]:
    """Return the modules below a folder by name; a Python file wins over others of its name."""
    found: dict[str, str] = {}
    for path in sorted(place.rglob("*"), key=lambda each: (each.suffix != ".py", each.suffix != "", str(each))):
        if path.suffix in IGNORED or path.name.startswith(("__", ".")) or path.name.endswith("~"):
            continue
        if path.is_file():
            found.setdefault(path.stem, str(path))
    return {**{name.removeprefix("_"): path for name, path in found.items()}, **found}


def _unless_acted(module: Foreign, action: str | None) -> Foreign | Refusal:
    if action is None or not Path(action).is_file():
        return module
    return Refusal(
        f"module {module.name} works through an action plugin of its own ({action}), which only Ansible itself can run"
    )


def redirect(there: Installation, name: str, kind: str = "modules") -> str:
    """Return the full name that ansible-core's routing table gives a short one; empty where it gives none."""
    table = Path(there.ansible, "config/ansible_builtin_runtime.yml")
    try:
        text = table.read_text(encoding="utf-8")
    except OSError:
        return ""
    section = re.search(rf"^  {kind}:\n((?:    .*\n|\s*\n)*)", text, re.MULTILINE)
    entry = re.search(rf"^    {re.escape(name)}:\n(?:      .*\n)*?      redirect: (\S+)", section[1] if section else "",
                      re.MULTILINE)  # fmt: skip
    return entry[1] if entry else ""
