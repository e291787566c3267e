"""Check variables against an argument specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.argument_spec import BadSpec, parameters_of, problems
from provisioner.execution.needs import Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required
from provisioner.templating.encoding import plain_data

TRAITS = Traits()


class Params(Parameters):
    """The specification, and values that count above variables of the same names."""

    argument_spec: dict[str, object] = required("dict", "Names with type, required, choices, elements, options.")
    provided_arguments: dict[str, object] = optional("dict", "Values besides the variables.", {})
    validate_args_context: dict[str, object] = optional("dict", "Where the specification comes from.", {})


def run(call: ActionCall) -> Steps:
    """Compare the host's variables with the specification."""
    yield from ()
    params = Params.parse(call.args)
    try:
        found = problems(params.argument_spec, _values(call, params))
    except BadSpec as error:
        raise InputError.at(call.run.operation.position, f"argument_spec: {error}") from None
    shown: dict[str, Any] = {"changed": False, "validate_args_context": params.validate_args_context}
    if not found:
        return {**shown, "msg": "The arg spec validation passed"}
    message = "Validation of arguments failed:\n" + "\n".join(found)
    return {
        **shown, "failed": True, "msg": message, "argument_errors": found, "argument_spec_data": params.argument_spec,
    }  # fmt: skip


def _values(call: ActionCall, params: Params) -> Mapping[str, Any]:
    """Return the value of every name the specification knows, rendered."""
    values: dict[str, Any] = {}
    for name in parameters_of(params.argument_spec).names():
        if call.scope.find(name) is not None:
            values[name] = plain_data(call.renderer.variable(name, call.scope))
    return {**values, **{name: plain_data(value) for name, value in params.provided_arguments.items()}}


RETURNS = """
argument_errors: What is wrong, each in words.
argument_spec_data: The specification, where something is wrong.
validate_args_context: Where the specification comes from.
"""

EXAMPLES = """
- name: The role's variables make sense
  validate_argument_spec:
    argument_spec:
      app_port:
        type: int
        required: true
"""
