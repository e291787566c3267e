"""Running one module: what each way of ending becomes, and the proof after a change."""

from __future__ import annotations

import types
from typing import Any

from provisioner.remote.change import Change, Failed, Skipped, Traits
from provisioner.remote.params import Parameters, optional
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


def module(**parts: Any) -> Any:
    """Return a module whose state is a counter that each apply advances."""

    made = types.SimpleNamespace(Params=Parameters, applied=0)
    made.inspect = lambda params, system: made.applied
    made.plan = lambda params, state: Change(state == 0, result={"seen": state}, diff={"before": "a", "after": "b"})

    def apply(change: Change, system: System) -> dict[str, Any]:
        made.applied += 1
        return {"done": True}

    made.apply = apply
    for name, part in parts.items():
        setattr(made, name, part)
    return made


class Secretive(Parameters):
    secret: str = optional("str", "Hidden.", no_log=True)


def fail(error: Exception) -> Any:
    def inspect(params: Any, system: System) -> None:
        raise error

    return inspect


def test_a_change_is_applied_and_proved() -> None:
    made = module()
    result = run_module(made, {}, Mode(diff=True), System())
    assert result == {"changed": True, "seen": 0, "done": True, "diff": {"before": "a", "after": "b"}}
    assert made.applied == 1


def test_check_mode_applies_nothing() -> None:
    made = module()
    assert run_module(made, {}, Mode(check=True), System())["changed"] is True
    assert made.applied == 0


def test_no_diff_is_sent_unasked() -> None:
    assert "diff" not in run_module(module(), {}, Mode(), System())


def test_a_change_that_does_not_hold_fails() -> None:
    result = run_module(module(plan=lambda p, s: Change(True)), {}, Mode(), System())
    assert result["failed"]
    assert result["changed"]
    assert "did not hold" in result["msg"]


def test_a_change_that_says_it_does_not_settle_is_believed() -> None:
    assert not run_module(module(plan=lambda p, s: Change(True, settles=False)), {}, Mode(), System()).get("failed")
    unsettled = module(plan=lambda p, s: Change(True), TRAITS=Traits(settles=False))
    assert not run_module(unsettled, {}, Mode(), System()).get("failed")


def test_what_only_running_tells_is_skipped_in_check_mode() -> None:
    result = run_module(module(plan=lambda p, s: Change(None)), {}, Mode(check=True), System())
    assert (result["changed"], result["skipped"]) == (False, True)


def test_a_failure_carries_its_values() -> None:
    result = run_module(module(inspect=fail(Failed("no", rc=3))), {}, Mode(), System())
    assert result == {"changed": False, "failed": True, "msg": "no", "rc": 3}


def test_a_skip_is_no_failure() -> None:
    result = run_module(module(inspect=fail(Skipped("not here"))), {}, Mode(), System())
    assert result == {"changed": False, "skipped": True, "msg": "not here"}


def test_any_exception_is_the_modules_failure_with_its_trace() -> None:
    result = run_module(module(inspect=fail(OSError("disk"))), {}, Mode(), System())
    assert result["msg"] == "OSError: disk"
    assert "Traceback" in result["exception"]


def test_secrets_given_are_named_for_redaction() -> None:
    assert run_module(module(Params=Secretive), {"secret": "hunter2"}, Mode(), System())["_secrets"] == ["hunter2"]
