"""set_stats adds up; validate_argument_spec names everything that is wrong."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from tests.support.stage import Stage


def test_figures_add_up_unless_they_replace(stage: Stage) -> None:
    stage.stats["web1"] = {"n": 2, "names": ["a"]}
    call = stage.call("set_stats", {"data": {"n": 3, "names": ["b"]}})
    stage.drive(call)
    assert call.effects.stats == {"n": 5, "names": ["a", "b"]}
    call = stage.call("set_stats", {"data": {"n": 3}, "aggregate": False})
    stage.drive(call)
    assert call.effects.stats == {"n": 3}


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
    assert "missing required parameter 'port'" in result["msg"]


def test_a_specification_that_makes_no_sense_is_the_users_mistake(stage: Stage) -> None:
    with pytest.raises(InputError, match="unknown type 'colour'"):
        stage.run("validate_argument_spec", {"argument_spec": {"x": {"type": "colour"}}})
