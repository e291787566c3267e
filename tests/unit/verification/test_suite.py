"""A suite of tests in its own process: its commands come here, its outcomes are told with place and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioner.verification.suite import Suite, SuiteFailed, verdict_of

TESTS = """
import os
import pytest

def test_the_answer_is_right(host):
    assert host.run("answer").stdout == "42"

def test_the_answer_is_wrong(host):
    assert host.run("answer").stdout == "43"

def test_what_is_not_there(host):
    assert "x" in host.check_output("answer")

def test_variables_and_environment(variables, host):
    assert variables["port"] == 80
    assert host.ansible.get_variables()["port"] == 80
    assert os.environ["PLACE"] == "here"
    with pytest.raises(KeyError):
        variables["nothing"]

@pytest.mark.skip(reason="not today")
def test_skipped():
    assert False

def test_bytes_survive(host):
    assert host.run("bytes").stdout_bytes == bytes([255])
"""


def answers(frame: Mapping[str, Any]) -> Mapping[str, Any]:
    if "variable" in frame:
        return {"value": 80} if frame["variable"] == "port" else {"error": "there is none"}
    said = {"answer": "42", "bytes": "\udcff"}.get(frame["run"], "")
    return {"rc": 0, "stdout": said, "stderr": ""}


@contextmanager
def suite(tmp_path: Path, text: str, timeout_s: float = 60) -> Iterator[Suite]:
    file = tmp_path / "check_site.py"
    file.write_text(text)
    started = Suite("web1", [file], {"PLACE": "here"}, timeout_s, tmp_path)
    try:
        yield started
    finally:
        started.close()


def outcome(
    running: Suite, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]] = answers
) -> tuple[list[Any], int]:
    verdicts = []
    while True:
        frame = running.next()
        if "end" in frame:
            return verdicts, int(frame["end"])
        if "test" in frame:
            verdicts.append(verdict_of(frame))
        else:
            running.answer(answer(frame))


def test_each_test_is_told_with_its_place_and_what_it_compared(tmp_path: Path) -> None:
    with suite(tmp_path, TESTS) as running:
        verdicts, code = outcome(running)
    assert code == 1
    assert [v.passed for v in verdicts] == [True, False, False, True, True, True]
    wrong, lacking = verdicts[1], verdicts[2]
    assert wrong.title == "check_site.py::test_the_answer_is_wrong"
    assert wrong.where == f"{tmp_path}/check_site.py:9"
    assert "'43'" in wrong.expected
    assert wrong.actual.startswith("'42'")
    assert lacking.expected.startswith("'x' in it")
    assert "not today" in verdicts[4].actual


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with suite(tmp_path, "def broken(:\n") as running:
        verdicts, code = outcome(running)
    assert code != 0
    assert [v.passed for v in verdicts] == [False]
    assert "SyntaxError" in verdicts[0].actual


def test_settings_and_plugins_around_the_file_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    with suite(tmp_path, "def test_it(host):\n    pass\n") as running:
        verdicts, code = outcome(running)
    assert (code, [v.passed for v in verdicts]) == (0, [True])
    assert not (tmp_path / ".pytest_cache").exists()
    assert not (tmp_path / "__pycache__").exists()


def test_a_process_that_breaks_off_says_why(tmp_path: Path) -> None:
    text = "import os, sys\nsys.stderr.write('out of order')\nsys.stderr.flush()\nos._exit(9)\n"
    with suite(tmp_path, text) as running, pytest.raises(SuiteFailed, match="broke off"):
        outcome(running)


def test_tests_that_do_not_end_are_ended(tmp_path: Path) -> None:
    text = "import time\ndef test_it():\n    time.sleep(60)\n"
    with suite(tmp_path, text, timeout_s=2) as running, pytest.raises(SuiteFailed, match="within 2 seconds"):
        outcome(running)


def test_no_tests_end_with_pytests_own_code(tmp_path: Path) -> None:
    with suite(tmp_path, "x = 1\n") as running:
        assert outcome(running) == ([], 5)
