"""Arm, confirm or carry out the undoing of a guarded block; ``guard:`` puts these tasks where they belong."""

from __future__ import annotations

from dataclasses import replace

from provisioner.diagnostics.errors import Unreachable
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Call, Steps
from provisioner.execution.reaching import GaveUp, Probe, answered
from provisioner.execution.task_run import ActionCall
from provisioner.remote.modules.armed_guard import EXAMPLES, TRAITS, Params

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

BACK_S = 60.0
PAUSE_S = 1.0


def run(call: ActionCall) -> Steps:
    """Prove, before a guard is armed, that each undoing step can be carried out: the host looks at it in check mode."""
    if call.check:
        return {"changed": False, "skipped": True, "msg": "no guard is needed where nothing is changed"}
    if call.args.get("do") == "reach":
        return (yield from _reached(call))
    params = Params.parse(call.args)
    for step in params.steps or []:
        # looking also brings the modules to the worker, which carries them out without us
        module = str(step["module"])
        tried = result_of((yield _only_looking(call.remote(module, step.get("params") or {}, last=False))))
        if tried.get("failed") and params.do == "arm":
            message = f"the guard cannot undo this: {module}: {tried.get('msg', 'it fails')}"
            return {"failed": True, "changed": False, "msg": message}
    return result_of((yield call.remote("armed_guard", dict(call.args))))


def _reached(call: ActionCall) -> Steps:
    """Connect anew; where the change cut the host off, it comes back when the guard has undone it."""
    patience_s = float(call.args["seconds"]) + BACK_S
    try:
        yield from answered(call, Probe("ping", {}, lambda r: not r.get("failed")), patience_s, PAUSE_S)
    except GaveUp as said:
        raise Unreachable(str(said)) from None
    return {"changed": False}


def _only_looking(need: Call) -> Call:
    return replace(need, request=replace(need.request, check=True, op="", stop_chain=False))
