"""set_stats adds up; validate_argument_spec names everything that is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.execution.figures import keep
from tests.support.stage import Stage


def test_figures_add_up_unless_they_replace(stage: Stage) -> None:
    kept: dict[str, dict[str, Any]] = {"_run": {"n": 2, "names": ["a"]}}
    for arguments in ({"data": {"n": 3, "names": ["b"]}}, {"data": {"n": 1}, "per_host": True}):
        call = stage.call("set_stats", arguments)
        stage.drive(call)
        for figure in call.effects.figures:
            keep(kept, figure)
    assert kept == {"_run": {"n": 5, "names": ["a", "b"]}, "web1": {"n": 1}}
    call = stage.call("set_stats", {"data": {"n": 3}, "aggregate": "no"})
    stage.drive(call)
    keep(kept, call.effects.figures[0])
    assert kept["_run"]["n"] == 3


@pytest.mark.parametrize("data", [[1, 2], {".bad": 1}])
def test_figures_without_names_fail(stage: Stage, data: object) -> None:
    assert stage.run("set_stats", {"data": data})["failed"]


SPEC = {
    "port": {"type": "int", "required": True},
    "level": {"choices": ["low", "high"], "default": "low"},
    "users": {"type": "list", "elements": "dict", "options": {"name": {"required": True}}},
}


def test_variables_that_fit_the_specification_pass(stage: Stage) -> None:
    result = stage.run("validate_argument_spec", {"argument_spec": SPEC}, port="{{ 8000 }}", users=[{"name": "a"}])
    assert not result.get("failed")


def test_everything_that_is_wrong_is_named_at_once(stage: Stage) -> None:
    result = stage.run("validate_argument_spec", {"argument_spec": SPEC}, level="middle", users=[{}])
    assert result["failed"]
    assert len(result["argument_errors"]) == 3
    assert "missing required arguments: port" in result["argument_errors"]


def test_a_value_that_is_nothing_is_none_of_a_wanted_kind_but_raw(stage: Stage) -> None:
    spec = {"s": {"required": True}, "n": {"type": "int", "required": True}, "r": {"type": "raw", "required": True}}
    result = stage.run("validate_argument_spec", {"argument_spec": spec}, s=None, n=None, r=None)
    assert result["argument_errors"] == [
        "argument 's' is of type <class 'NoneType'> and we were unable to convert to str: "
        "'None' is not a string and conversion is not allowed",
        "argument 'n' is of type <class 'NoneType'> and we were unable to convert to int: "
        '"None" cannot be converted to an int',
    ]


def test_a_specification_that_makes_no_sense_is_the_users_mistake(stage: Stage) -> None:
    with pytest.raises(InputError, match="unknown type 'colour'"):
        stage.run("validate_argument_spec", {"argument_spec": {"x": {"type": "colour"}}})
