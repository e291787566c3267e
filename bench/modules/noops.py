"""The tasks of ``noops.yml`` and the playbooks made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
SETTLING = 2
"""How often all tasks are run before they are measured: what one needs may be made by a later one."""


@dataclass(frozen=True, slots=True)
class Noops:
    """What is installed and made first, and the measured tasks by their names in the table."""

    packages: tuple[str, ...]
    prepare: tuple[Mapping[str, Any], ...]
    tasks: Mapping[str, Mapping[str, Any]]
    defaults: Mapping[str, Any]

    def only(self, names: list[str]) -> Noops:
        """Return these tasks of all; all where none is named."""
        chosen = {name: task for name, task in self.tasks.items() if name in names or not names}
        return Noops(self.packages, self.prepare, chosen, self.defaults)

    def asked(self, name: str) -> tuple[str, Mapping[str, Any]]:
        """Return the module of a task and its parameters, defaults included."""
        [(module, given)] = self.tasks[name].items()
        return module, {**self.defaults.get(module, {}), **given}

    def preparation(self, folder: Path) -> Path:
        """Write the playbook that makes what the tasks need, and runs them until there is nothing to do."""
        plays = [self._play(self.prepare), *(self._play(self._titled(ignore_errors=True)) for _ in range(SETTLING))]
        return self._written(folder, plays)

    def rounds(self, folder: Path, count: int) -> Path:
        """Write the playbook that runs every task once a play."""
        return self._written(folder, [self._play(self._titled(ignore_errors=True)) for _ in range(count)])

    def apart(self, folder: Path, place: str) -> Path:
        """Write the playbook in which each task has a folder of its own on the host, below ``place``."""
        tasks = [
            {**task, "vars": {"ansible_remote_tmp": f"{place}/{task['name']}"}}
            for task in self._titled(ignore_errors=True)
        ]
        return self._written(folder, [self._play(tasks)])

    def _titled(self, **keywords: object) -> Iterator[Mapping[str, Any]]:
        return ({"name": name, **task, **keywords} for name, task in self.tasks.items())

    def _play(self, tasks: object) -> Mapping[str, Any]:
        kept = {"hosts": "all", "gather_facts": False, "module_defaults": self.defaults}
        return {**kept, "tasks": list(tasks)}  # type: ignore[call-overload]

    def _written(self, folder: Path, plays: list[Mapping[str, Any]]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / "files"
        if not link.exists():
            link.symlink_to(HERE / "files")
        path = folder / "book.yml"
        path.write_text(json.dumps([{**play, "vars": {"fetched": str(folder)}} for play in plays]), encoding="utf-8")
        return path


def read_noops() -> Noops:
    """Return what ``noops.yml`` says."""
    found = YAML(typ="safe").load((HERE / "noops.yml").read_text(encoding="utf-8"))
    return Noops(tuple(found["packages"].split()), tuple(found["prepare"]), found["noops"], found["defaults"])
