"""Tasks that come to another module, which one is known on the host: ``service`` and ``package``."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.execution.judge import result_of
from provisioner.execution.needs import Steps
from provisioner.execution.resolve import module_defaults
from provisioner.execution.task_run import ActionCall
from provisioner.templating.omit import strip_omit


def run_by_choice(call: ActionCall, name: str, candidates: Sequence[str]) -> Steps:
    """Run module ``name`` with its parameters, the choice of the variable ``ansible_NAME_use``, and all defaults."""
    args = dict(call.args)
    variable = f"ansible_{name}_use"
    if args.get("use") in (None, "auto") and call.scope.find(variable) is not None:
        args["use"] = call.renderer.variable(variable, call.scope)
    if call.resolved.keywords.module_defaults:
        found = {
            each: strip_omit(module_defaults(call.run, call.scope, call.resolved.keywords, each)) for each in candidates
        }
        args["_defaults"] = {each: values for each, values in found.items() if values}
    return result_of((yield call.remote(name, args)))
