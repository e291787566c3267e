"""Runs the tables under tests/modules/<module>/*.yaml: each case on a real temporary root, in check mode and for real.

What a table can say is documented in ``tests/modules/README.md``.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.reporting.reference import returns_of
from tests.modules.stand_in import RecordedCommands
from tests.modules.tree import body_of, build, mismatches, snapshot, subset_problems

HERE = Path(__file__).parent
KEYS = {"name", "files", "params", "payload", "commands", "expect", "again", "check"}
EXPECTATIONS = {"changed", "failed", "skipped", "msg_contains", "result", "matches", "files", "diff_contains", "ran"}


def tables() -> list[Any]:
    """Return every case of every table as a pytest parameter named module/table/case."""
    found = []
    for path in sorted(HERE.glob("*/*.yaml")):
        yaml = YAML(typ="safe", pure=False)
        yaml.version = (1, 1)
        for case in yaml.load(path.read_text()) or []:
            name = f"{path.parent.name}/{path.stem}: {case['name']}"
            found.append(pytest.param(path.parent.name, case, id=name))
    return found


@pytest.mark.parametrize(("module", "case"), tables())
def test_a_case_does_what_its_table_says(module: str, case: dict[str, Any], tmp_path: Path) -> None:
    """Check mode writes nothing and foretells; the run does it; a second run finds nothing to do."""
    assert set(case) <= KEYS, f"a case has no {sorted(set(case) - KEYS)}"
    expect = case.get("expect", {})
    assert set(expect) <= EXPECTATIONS, f"expect has no {sorted(set(expect) - EXPECTATIONS)}"
    check = _run_in_check_mode(module, case, tmp_path / "check")
    bench = Bench(module, case, tmp_path / "real")
    result = bench.run()
    problems = result_problems(result, expect) + mismatches(bench.root, expect.get("files", {}))
    problems += bench.commands.missing(expect.get("ran", [])) + undocumented(module, result)
    assert not problems, f"{problems}\nresult: {result}\nran: {bench.commands.ran}"
    _compare_check_mode(case, check, result)
    if case.get("again", "unchanged") == "unchanged" and not expect.get("failed"):
        before = snapshot(bench.root)
        again = bench.run(forbid_effects=True)
        assert not again.get("failed"), f"the second run failed: {again}"
        assert again["changed"] is False, f"the second run changed again: {again}"
        assert snapshot(bench.root) == before, "the second run wrote although it reported no change"


class Bench:
    """One temporary host with one case's files and recorded commands on it."""

    def __init__(self, module: str, case: dict[str, Any], root: Path) -> None:
        self.module = importlib.import_module(f"provisioner.remote.modules.{module}")
        self.case, self.root = case, root
        self.commands = RecordedCommands(root, case.get("commands", []))
        build(root, case.get("files", {}))

    def run(self, *, check: bool = False, forbid_effects: bool = False) -> dict[str, Any]:
        """Return the module's result with the case's parameters."""
        self.commands.forbid_effects = check or forbid_effects
        payload = body_of(self.case["payload"]) if "payload" in self.case else None
        scratch = self.root.parent / (self.root.name + ".tmp")
        scratch.mkdir(exist_ok=True)
        system = System(root=str(self.root), commands=self.commands, payload=payload, tmp=str(scratch))
        result = run_module(self.module, self.case.get("params", {}), Mode(check, diff=True), system)
        if system.attachment is not None:
            result["_attached"] = system.attachment.read().decode("utf-8", "replace")
            system.attachment.close()
        return result


OTHERWISE = {
    "apt: reports no change where the lists were new already",
    "mysql_user: takes privileges on other levels away",
    "reboot: goes down a moment after answering",
    "tree_digest: counts and sums up, and keeps a list",
}
"""Cases that do their work and of which check mode foretells something else, for a reason written beside them."""


def test_only_cases_that_fail_or_cannot_be_foretold_are_excused_from_foretelling() -> None:
    excused = set()
    for _module, case in (parameter.values for parameter in tables()):
        told = case.get("check", {"skipped": True})
        if not (case.get("expect", {}).get("failed") or "skipped" in told):
            excused.add(f"{_module}: {case['name']}")
    assert excused == OTHERWISE


@pytest.mark.parametrize("other", [{"changed": False}, {"diff": {"before": "", "after": "b"}}, {"diff": None}])
def test_a_check_mode_that_shows_another_change_or_another_diff_is_found(other: dict[str, Any]) -> None:
    real = {"changed": True, "diff": {"before": "", "after": "a"}}
    _compare_check_mode({}, real, real)
    with pytest.raises(AssertionError, match="check mode"):
        _compare_check_mode({}, {**real, **other}, real)


ANY_MODULE = {"changed", "failed", "skipped", "msg", "diff", "warnings", "ansible_facts"}
ANY_MODULE |= {"rc", "stdout", "stderr", "stdout_lines", "stderr_lines"}
"""Return values that mean the same everywhere."""


def undocumented(module: str, result: dict[str, Any]) -> list[str]:
    """Return in words which values come back that the module's page does not tell of."""
    if result.get("failed"):
        return []
    told = set(returns_of(module)) | ANY_MODULE
    return [f"RETURNS does not say what {key} is" for key in result if key not in told and not key.startswith("_")]


def test_a_return_value_that_the_page_does_not_tell_of_is_found() -> None:
    assert undocumented("slurp", {"changed": False, "content": "", "other": 1}) == [
        "RETURNS does not say what other is"
    ]
    assert undocumented("slurp", {"failed": True, "other": 1}) == []


def _run_in_check_mode(module: str, case: dict[str, Any], root: Path) -> dict[str, Any]:
    bench = Bench(module, case, root)
    before = snapshot(root)
    result = bench.run(check=True)
    assert snapshot(root) == before, "check mode wrote"
    return result


def _compare_check_mode(case: dict[str, Any], check: dict[str, Any], result: dict[str, Any]) -> None:
    if "check" in case:
        problems = subset_problems(check, case["check"], "check mode: ")
        assert not problems, f"{problems}\ncheck mode result: {check}"
    elif not result.get("failed"):
        assert not check.get("failed"), f"check mode failed, the run did not: {check}"
        assert check["changed"] == result["changed"], f"check mode foretold otherwise: {check}"
        assert check.get("diff") == result.get("diff"), f"check mode showed another diff: {check}"


def result_problems(result: dict[str, Any], expect: dict[str, Any]) -> list[str]:
    """Return in words how a result differs from what was expected."""
    problems = []
    for key in ("changed", "failed", "skipped"):
        default = {} if key == "changed" else {key: False}
        wanted = {**default, **expect}.get(key)
        if wanted is not None and bool(result.get(key)) != wanted:
            problems.append(f"{key} is {result.get(key)}, expected {wanted}")
    if expect.get("msg_contains", "") not in str(result.get("msg", "")):
        problems.append(f"msg {result.get('msg')!r} has no {expect['msg_contains']!r}")
    if expect.get("diff_contains", "") not in str(result.get("diff", "")):
        problems.append(f"diff {result.get('diff')!r} has no {expect['diff_contains']!r}")
    problems += subset_problems(result, expect.get("result", {}))
    return problems + subset_problems(result, expect.get("matches", {}), pattern=True)
