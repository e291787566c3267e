"""Where a file of a relative name is: the search order tasks, lookups and templates share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provisioner.diagnostics.home import expanded


def candidates(name: str, folder: str, search_paths: Sequence[Path]) -> list[Path]:
    """Return every place where ``name`` may be, the best first: below ``folder`` of a search path, then beside it."""
    path = expanded(name)
    if path.is_absolute():
        return [path]
    places: dict[Path, None] = {}
    for root in search_paths:
        tasks_parent = root.parent if root.name == "tasks" else root
        for base in (tasks_parent, root):
            if folder:
                places.setdefault(base / folder / path)
            places.setdefault(base / path)
    return list(places)


def find_file(name: str, folder: str, search_paths: Sequence[Path]) -> Path | None:
    """Return the first existing candidate, or None."""
    return next((place for place in candidates(name, folder, search_paths) if place.exists()), None)
