"""Runs a playbook twice on a clean host, for one side, and says where the two hosts that were left differ."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sides import Outcome, Side

from provisioner.lab.lab import Lab

HERE = Path(__file__).parent
HOST = "h1"


@dataclass(frozen=True)
class Left:
    """What a side did in two runs, how many seconds each took, and the host it left."""

    first: Outcome
    second: Outcome
    host: dict[str, Any]
    seconds: tuple[float, ...] = ()


def _manifest(lab: Lab) -> dict[str, Any]:
    words = [*lab.ssh_command(lab.host(HOST)), "python3", "-"]
    text = (HERE / "manifest.py").read_text("utf-8")
    done = subprocess.run(words, input=text, check=True, capture_output=True, text=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def left_by(side: Side, lab: Lab, playbook: Path, folder: Path, arguments: Sequence[str] = ()) -> Left:
    """Run the playbook twice on a clean host."""
    lab.reset(HOST)
    outcomes, seconds = [], []
    for number in (1, 2):
        place = folder / f"{side.name}{number}"
        place.mkdir()
        began = time.monotonic()
        outcomes.append(side.run([playbook], ["-l", HOST, *arguments], place))
        seconds.append(time.monotonic() - began)
    return Left(outcomes[0], outcomes[1], _manifest(lab), tuple(seconds))


def unequal(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterable[str]:
    """Yield what of the two hosts is not the same: files with their content and attributes, packages, users, ..."""
    for path in sorted({*ours["files"], *theirs["files"]}):
        left, right = ours["files"].get(path), theirs["files"].get(path)
        if left != right:
            yield f"{path}: ours {left}\n{' ' * len(path)}  theirs {right}"
    for part, mine in ours.items():
        if part != "files" and mine != theirs[part]:
            here, there = ({json.dumps(each) for each in entries} for entries in (mine, theirs[part]))
            yield f"{part}: only ours {sorted(here - there)}, only theirs {sorted(there - here)}"
