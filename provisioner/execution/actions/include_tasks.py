"""Include tasks from a file, chosen while running."""

from __future__ import annotations

from provisioner.execution.needs import Result
from provisioner.execution.outcome import Include
from provisioner.execution.task_run import ActionCall
from provisioner.loading.apply_keywords import apply_keywords
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required
from provisioner.variables.scope import Level

TRAITS = Traits()


class Params(Parameters):
    """The file, and keywords for its tasks."""

    file: str = required(
        "str",
        "The file; looked for beside the including file, in the role, beside the playbook.",
        aliases=("_raw_params",),
    )
    apply: dict[str, object] | None = optional("dict", "Keywords (tags, become, ...) for the included tasks.")
    free_form = "file"


def answer(call: ActionCall) -> Result:
    """Note what to include; the executor loads it when all hosts that share it have come here."""
    name = str(call.args.get("file") or call.args.get("_raw_params"))
    options = {"apply": apply_keywords(call.run.task.args.get("apply"), call.run.operation.position)}
    call.effects.includes.append(Include("tasks", name, loop_values(call), options))
    return {"include": name, "include_args": {}, "changed": False}


def loop_values(call: ActionCall) -> dict[str, object]:
    """Return the loop item's variables, which included tasks see as well."""
    found: dict[str, object] = {}
    for layer in call.scope.layers:
        if layer.level is Level.LOOP and layer.origin == "loop":
            found.update(layer.values)
    return found


RETURNS = """
msg: What was done, in words.
dest: The file written.
"""

EXAMPLES = """
- name: What this system needs
  include_tasks: "{{ ansible_os_family }}.yml"
"""
