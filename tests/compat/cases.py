"""Finds the language cases: each playbook says in its first comment lines how it is run.

``# args: --tags a`` adds a run with these arguments (none: one run without); ``# quick`` puts the first of them among
those that ``make test`` runs; ``# exits: 4 1`` names a pair of exit codes (ours, theirs) that docs/compat.md explains,
``# bug:`` a mistake of ours that is known and not mended yet.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

PLAYBOOKS = Path(__file__).parent / "playbooks"


@dataclass(frozen=True)
class Case:
    """One run of one playbook."""

    playbook: Path
    number: int
    arguments: tuple[str, ...]
    is_quick: bool
    exits: tuple[int, int] | None = None
    bug: str = ""

    @property
    def name(self) -> str:
        """Return the name a test shows."""
        return self.playbook.stem if not self.number else f"{self.playbook.stem}-{self.number}"


def all_cases(folder: Path = PLAYBOOKS) -> list[Case]:
    """Return all cases, by name."""
    return [case for path in sorted(folder.glob("*.yml")) for case in _cases(path)]


def _cases(path: Path) -> list[Case]:
    head = [line[1:].strip() for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    runs = [shlex.split(line.removeprefix("args:")) for line in head if line.startswith("args:")]
    notes = dict(line.split(": ", 1) for line in head if line.startswith(("bug: ", "exits: ")))
    exits = tuple(int(code) for code in notes["exits"].split()) if "exits" in notes else None
    bug = notes.get("bug", "")
    quick = "quick" in head
    return [
        Case(path, number, tuple(run), quick and number == 0, exits, bug) for number, run in enumerate(runs or [[]])
    ]
