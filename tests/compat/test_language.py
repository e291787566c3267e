"""Small playbooks of the language, run by both: same exit code, same statuses and printed values, same recap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cases import Case, all_cases
from comparing import differences
from sides import Ours, Theirs


def _marked(case: Case) -> object:
    marks = [pytest.mark.compat] if case.is_quick else [pytest.mark.compat, pytest.mark.campaign]
    if case.bug:
        marks.append(pytest.mark.xfail(reason=case.bug, strict=True))
    return pytest.param(case, marks=marks, id=case.name)


@pytest.mark.usefixtures("clean_scratch")
@pytest.mark.parametrize("case", [_marked(case) for case in all_cases()])
def test_a_playbook_does_the_same_under_both(case: Case, ours: Ours, theirs: Theirs, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        left = pool.submit(ours.run, [case.playbook], case.arguments, tmp_path)
        right = pool.submit(theirs.run, [case.playbook], case.arguments, tmp_path)
    told = differences(left.result(), right.result(), case.exits)
    if told:
        pytest.fail(told, pytrace=False)
    assert right.result().entries or right.result().exit_code, "the case compares nothing"
