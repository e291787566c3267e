"""Fail unless conditions hold."""

from __future__ import annotations

from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required

TRAITS = Traits()


class Params(Parameters):
    """Conditions, and what to say."""

    that: list[object] = required("raw", "Conditions, as in ``when``; all must hold.")
    fail_msg: object = optional("raw", "What to say where one does not hold.", aliases=("msg",))
    success_msg: object = optional("raw", "What to say where all hold.")
    quiet: bool = optional("bool", "Say less where all hold.", False)


def answer(call: ActionCall) -> Result:
    """Evaluate the conditions in order; the first that does not hold fails the task."""
    params = Params.parse(call.args)
    manner: Result = {"_ansible_verbose_always": False} if params.quiet else {}
    for condition in call.renderer.conditions(call.run.task.args.get("that", params.that), call.scope):
        if not call.renderer.condition((condition,), call.scope):
            shown = {"assertion": condition, "evaluated_to": False}
            return {"failed": True, "changed": False, **shown, "msg": params.fail_msg or "Assertion failed", **manner}
    return {"changed": False, "msg": params.success_msg or "All assertions passed", **manner}


EXAMPLES = """
- name: The version is one we know
  assert:
    that:
      - app_version is version('2.0', '>=')
    fail_msg: "app_version is {{ app_version }}"
"""
