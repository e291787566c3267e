"""Print a message or a variable."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.diagnostics.position import Unsafe
from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, mutually_exclusive, optional
from provisioner.templating.errors import UndefinedVariable

TRAITS = Traits()


class Params(Parameters):
    """A message, or the name of a variable (any expression)."""

    msg: object = optional("raw", "What to print.", "Hello world!")
    var: str | None = optional("raw", "The variable or expression whose value to print; no braces.")
    verbosity: int = optional("int", "Print only at this verbosity (-v is 1) or above.", 0)
    rules = (mutually_exclusive("msg", "var"),)


def answer(call: ActionCall) -> Result:
    """Return what to print."""
    params = Params.parse(call.args)
    if params.verbosity > call.run.play.run.options.verbosity:
        return {"skipped": True, "skipped_reason": "Verbosity threshold not met.", "changed": False}
    if params.var is None:
        return {"msg": call.args.get("msg", params.msg), "changed": False}
    return {**_variable(call, params.var), "changed": False}


def _whole(value: object) -> object:
    """Return a value with everything in it looked up now: ``hostvars`` is made only as it is asked for."""
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return value


def _variable(call: ActionCall, written: object) -> Result:
    if not isinstance(written, str):
        return {str(type(written)): written}
    if isinstance(call.args.get("var"), Unsafe):
        return {written: written}
    if not call.renderer.is_written(call.run.task.args.get("var", written), call.scope):
        return {written: "{{" + written + "}}"}  # what a host said is no code
    try:
        return {written: _whole(call.renderer.render("{{" + written + "}}", call.scope))}
    except UndefinedVariable as error:
        return {
            written: "VARIABLE IS NOT DEFINED!" + (f": {error.plainly}" if call.run.play.run.options.verbosity else "")
        }


RETURNS = """
msg: What was shown.
"""

EXAMPLES = """
- name: Say where we are
  debug:
    msg: "This is {{ inventory_hostname }}"

- name: Show a variable
  debug:
    var: hostvars[inventory_hostname]
    verbosity: 2
"""
