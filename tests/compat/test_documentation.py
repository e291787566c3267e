"""Every difference that the comparison lets pass is told in docs/compat.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import all_cases
from differences import KNOWN_VALUES

PAGE = Path(__file__).parents[2] / "docs" / "compat.md"

pytestmark = pytest.mark.compat


def test_each_known_value_has_its_row() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    untold = [
        (action, value)
        for action, value in KNOWN_VALUES
        if not any(f"`{action}`" in row.split("|")[1] and f"`{value}`" in row.split("|")[2] for row in rows)
    ]
    assert untold == []


def test_each_case_with_other_exit_codes_is_told() -> None:
    text = PAGE.read_text("utf-8")
    named = {case.playbook.stem for case in all_cases() if case.exits}
    assert named, "no case has other exit codes: then this test can go"
    assert [name for name in sorted(named) if f"`{name}`" not in text] == []


def test_cases_are_found_with_their_arguments() -> None:
    cases = {case.name: case for case in all_cases()}
    assert len(cases) > 60
    assert cases["limits-8"].arguments == ("-l", "@vars/limit.txt")
    assert sum(case.is_quick for case in cases.values()) >= 20
