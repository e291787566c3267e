"""Small playbooks of the language, run by both: same exit code, same statuses and printed values, same recap."""

from __future__ import annotations

from collections.abc import Callable
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


@pytest.mark.parametrize("case", [_marked(case) for case in all_cases()])
def test_a_playbook_does_the_same_under_both(
    case: Case, ours: Ours, theirs: Theirs, clean: Callable[[], None], tmp_path: Path
) -> None:
    try:
        with ThreadPoolExecutor() as pool:
            left = pool.submit(ours.run, [case.playbook], case.arguments, tmp_path)
            right = pool.submit(theirs.run, [case.playbook], case.arguments, tmp_path)
    finally:
        if "scratch" in case.playbook.read_text("utf-8"):
            clean()
    told = differences(left.result(), right.result(), case.exits)
    if told:
        pytest.fail(told, pytrace=False)
    assert right.result().entries or right.result().exit_code, "the case compares nothing"
