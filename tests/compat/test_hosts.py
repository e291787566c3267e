"""The same playbook under both leaves equal hosts, and a second run of it finds the same things to do: none."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparing import differences
from sides import Ours, Theirs
from twice import HOST, left_by, unequal

from provisioner.lab.lab import Lab

HERE = Path(__file__).parent


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
    right = left_by(theirs, lab, playbook, tmp_path)
    left = left_by(ours, lab, playbook, tmp_path)
    told: list[str] = [
        differences(left.first, right.first, deep=True),
        differences(left.second, right.second, deep=True),
        *unequal(left.host, right.host),
    ]
    lab.reset(HOST)
    told = [each for each in told if each]
    if told:
        pytest.fail("\n".join(told), pytrace=False)
    assert right.first.recap[HOST]["changed"] > 0, "the playbook changes nothing, so nothing was compared"
