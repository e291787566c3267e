"""The same playbook under both leaves equal hosts, and a second run of it finds the same things to do: none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from comparing import differences
from sides import Ours, Outcome, Side, Theirs

from provisioner.lab.lab import Lab

HERE = Path(__file__).parent
HOST = "h1"


@dataclass(frozen=True)
class Left:
    """What a side did in two runs, and the host it left."""

    first: Outcome
    second: Outcome
    host: dict[str, Any]


def _manifest(lab: Lab) -> dict[str, Any]:
    words = [*lab.ssh_command(lab.host(HOST)), "python3", "-"]
    text = (HERE / "manifest.py").read_text("utf-8")
    done = subprocess.run(words, input=text, check=True, capture_output=True, text=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _left_by(side: Side, lab: Lab, playbook: Path, folder: Path) -> Left:
    """Run the playbook twice on a clean host."""
    lab.reset(HOST)
    outcomes = []
    for number in (1, 2):
        place = folder / f"{side.name}{number}"
        place.mkdir()
        outcomes.append(side.run([playbook], ["-l", HOST], place))
    return Left(outcomes[0], outcomes[1], _manifest(lab))


def _unequal(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterable[str]:
    for path in sorted({*ours["files"], *theirs["files"]}):
        left, right = ours["files"].get(path), theirs["files"].get(path)
        if left != right:
            yield f"{path}: ours {left}\n{' ' * len(path)}  theirs {right}"
    for part, mine in ours.items():
        if part != "files" and mine != theirs[part]:
            here, there = ({json.dumps(each) for each in entries} for entries in (mine, theirs[part]))
            yield f"{part}: only ours {sorted(here - there)}, only theirs {sorted(there - here)}"


def _cases() -> list[object]:
    marks = {"base": [pytest.mark.compat]}
    heavy = [pytest.mark.compat, pytest.mark.campaign]
    paths = sorted((HERE / "hosts").glob("*.yml"))
    return [pytest.param(path, marks=marks.get(path.stem, heavy), id=path.stem) for path in paths]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("playbook", _cases())
def test_the_same_playbook_leaves_equal_hosts(
    playbook: Path, lab: Lab, ours: Ours, theirs: Theirs, tmp_path: Path
) -> None:
    right = _left_by(theirs, lab, playbook, tmp_path)
    left = _left_by(ours, lab, playbook, tmp_path)
    told: list[str] = [
        differences(left.first, right.first, deep=True),
        differences(left.second, right.second, deep=True),
        *_unequal(left.host, right.host),
    ]
    lab.reset(HOST)
    told = [each for each in told if each]
    if told:
        pytest.fail("\n".join(told), pytrace=False)
    assert right.first.recap[HOST]["changed"] > 0, "the playbook changes nothing, so nothing was compared"
