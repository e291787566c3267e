"""verify: one call for all questions, again only for what does not hold yet, and suites beside them."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.diagnostics.errors import InputError, Lost
from provisioner.diagnostics.position import Position, Source
from provisioner.execution.needs import Call, CheckDone, Sleep
from provisioner.model.call import Reply
from provisioner.model.task import Check
from provisioner.templating.errors import UndefinedVariable
from tests.support.stage import Stage


def check(kind: str, line: int = 3, **args: Any) -> Check:
    return Check(kind, args, Position(Source("site.yml"), line, 5))


def told(stage: Stage) -> list[CheckDone]:
    return [need for need in stage.needs if isinstance(need, CheckDone)]


def asked(stage: Stage) -> list[int]:
    observed = [call.request.params["observe"] for call in stage.calls]
    return [len(each) for each in observed if isinstance(each, list)]


def seen(*answers: dict[str, Any]) -> Reply:
    return Reply(result={"changed": False, "seen": list(answers)})


def test_all_questions_are_one_call_and_each_check_is_told(stage: Stage) -> None:
    (stage.root / "a").write_text("x")
    result = stage.run("verify", {"checks": (check("file", path="/a"), check("file", 4, path="/b", state="absent"))})
    assert not result.get("failed")
    assert asked(stage) == [2]
    assert [(done.check, done.passed, done.where) for done in told(stage)] == [
        ("file /a", True, "site.yml:3"),
        ("file /b", True, "site.yml:4"),
    ]


def test_a_failed_check_fails_the_operation_with_expected_and_found(stage: Stage) -> None:
    result = stage.run("verify", {"checks": (check("file", path="/a"), check("file", path="/b", state="absent"))})
    assert result["failed"]
    assert result["msg"].splitlines() == [
        "1 of 2 checks does not hold",
        "site.yml:3: file /a",
        "    state: expected present, found absent",
    ]
    assert [each["passed"] for each in result["checks"]] == [False, True]


def test_parameters_are_rendered_and_conditions_heeded(stage: Stage) -> None:
    (stage.root / "a").write_text("x")
    checks = (check("file", path="{{ place }}"), check("file", path="/nope", when="place == '/b'"))
    result = stage.run("verify", {"checks": checks}, place="/a")
    assert not result.get("failed")
    assert [done.check for done in told(stage)] == ["file /a"]


def test_what_does_not_hold_yet_is_asked_again_alone(stage: Stage) -> None:
    answers = iter(
        [seen({"addresses": []}, {"addresses": ["::"]}), seen({"addresses": []}), seen({"addresses": ["::"]})]
    )
    stage.answer = lambda _call: next(answers)
    result = stage.run("verify", {"checks": (check("port", port=80, delay=2), check("port", port=81))})
    assert not result.get("failed")
    assert asked(stage) == [2, 1, 1]
    assert [need.seconds for need in stage.needs if isinstance(need, Sleep)] == [2, 2]


def test_asking_again_has_an_end(stage: Stage) -> None:
    stage.answer = lambda _call: seen({"addresses": []})
    assert stage.run("verify", {"checks": (check("port", port=80, retries=3),)})["failed"]
    assert asked(stage) == [1, 1, 1, 1]


def test_in_check_mode_it_looks_once_and_only_warns(stage: Stage) -> None:
    stage.answer = lambda _call: seen({"addresses": []})
    result = stage.run("verify", {"checks": (check("port", port=80),)}, check=True)
    assert not result.get("failed")
    assert "state: expected listening, found closed" in result["warnings"][0]
    assert [call.request.check for call in stage.calls] == [False]
    assert told(stage) == []


def test_the_controller_answers_what_it_is_asked(stage: Stage) -> None:
    result = stage.run("verify", {"checks": (check("dns", **{"name": "localhost", "from": "controller"}),)})
    assert not result.get("failed")
    assert stage.calls == []


def test_tests_run_their_commands_over_the_session(stage: Stage) -> None:
    stage.write("check_it.py", "def test_it(host):\n    assert host.run('echo hi; exit 3').rc == 3\n")
    result = stage.run("verify", {"checks": (check("testinfra", files=["check_it.py"]),)})
    assert not result.get("failed"), result
    assert [call.request.module for call in stage.calls] == ["shell"]
    assert not stage.calls[0].request.stop_chain
    assert [done.check for done in told(stage)] == ["check_it.py::test_it"]


def test_variables_reach_the_tests(stage: Stage) -> None:
    stage.write("check_it.py", "def test_it(variables):\n    assert variables['port'] == '81'\n")
    assert not stage.run("verify", {"checks": (check("testinfra", files="check_it.py"),)}, port="{{ 80 + 1 }}").get(
        "failed"
    )


def test_a_file_without_tests_does_not_prove_anything(stage: Stage) -> None:
    stage.write("check_it.py", "x = 1\n")
    result = stage.run("verify", {"checks": (check("testinfra", files="check_it.py"),)})
    assert "there are no tests in it" in result["msg"]


def test_losing_the_host_ends_the_tests(stage: Stage) -> None:
    stage.write("check_it.py", "def test_it(host):\n    host.run('true')\n")
    stage.answer = lambda _call: Reply(error=Lost("contact lost"))
    with pytest.raises(Lost):
        stage.run("verify", {"checks": (check("testinfra", files="check_it.py"),)})
    assert [type(need) for need in stage.needs if isinstance(need, Call)] == [Call]


def test_a_check_whose_words_cannot_be_rendered_is_told_with_its_line(stage: Stage) -> None:
    with pytest.raises(InputError, match="'nowhere' is undefined") as caught:
        stage.run("verify", {"checks": (check("file", path="{{ nowhere }}"),)})
    assert not isinstance(caught.value, UndefinedVariable)
