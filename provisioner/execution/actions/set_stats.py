"""Keep figures of a run, to be shown at its end."""

from __future__ import annotations

import re

from provisioner.execution.figures import Figure
from provisioner.execution.needs import Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, boolean, optional

TRAITS = Traits()
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAMES = "Variables must start with a letter or underscore character, and contain only letters, numbers and underscores."


class Params(Parameters):
    """Names and values, and how they add up."""

    data: object = optional("raw", "Names with their values.")
    per_host: object = optional("raw", "Keep them for each host: true or anything else.", False)
    aggregate: object = optional("raw", "Add to what is there: true; anything else replaces it.", True)


def run(call: ActionCall) -> Steps:
    """Keep the values: for the run as a whole, or for the host."""
    yield from ()
    params = Params.parse(call.args)
    data, adds, is_own = params.data or {}, _truth(params.aggregate), _truth(params.per_host)
    if not isinstance(data, dict):
        return {"failed": True, "changed": False, "msg": "The 'data' option needs to be a dictionary/hash"}
    written = {call.renderer.text(str(name), call.scope): value for name, value in data.items()}
    for name, value in written.items():
        if not _NAME.fullmatch(name):
            return {"failed": True, "changed": False, "msg": f"The variable name '{name}' is not valid. {NAMES}"}
        call.effects.figures.append(Figure(call.host if is_own else "", name, value, adds))
    return {"changed": False, "ansible_stats": {"data": written, "per_host": is_own, "aggregate": adds}}


def _truth(value: object) -> bool:
    try:
        return boolean(value)
    except ValueError:
        return False


EXAMPLES = """
- name: Count what was moved
  set_stats:
    data:
      files_moved: 1
"""
