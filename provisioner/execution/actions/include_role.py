"""Include a role, chosen while running."""

from __future__ import annotations

from provisioner.diagnostics.errors import InputError
from provisioner.execution.actions.include_tasks import loop_values
from provisioner.execution.needs import Result
from provisioner.execution.outcome import Include
from provisioner.execution.task_run import ActionCall
from provisioner.loading.apply_keywords import apply_keywords
from provisioner.loading.roles import PARTS, not_a_name
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required

TRAITS = Traits()


class Params(Parameters):
    """The role, which of its files, and what it shows to the play."""

    name: str = required("str", "The role.", aliases=("role",))
    tasks_from: str = optional("str", "File of its tasks folder.", "main")
    vars_from: str = optional("str", "File of its vars folder.", "main")
    defaults_from: str = optional("str", "File of its defaults folder.", "main")
    handlers_from: str = optional("str", "File of its handlers folder.", "main")
    public: bool | None = optional("bool", "Show its defaults and vars to the tasks that follow.")
    allow_duplicates: bool = optional("bool", "Run it again although it ran before.", True)
    rolespec_validate: bool = optional("bool", "Check its argument specification.", True)
    apply: dict[str, object] | None = optional("dict", "Keywords (tags, become, ...) for its tasks.")


def answer(call: ActionCall) -> Result:
    """Note what to include; the executor loads it when all hosts that share it have come here."""
    for part in PARTS:
        written = call.args.get(part)
        if written is not None and not isinstance(written, str):
            raise InputError.at(call.run.operation.position, not_a_name(part, written))
    params = Params.parse(call.args)
    options = {
        "apply": apply_keywords(call.run.task.args.get("apply"), call.run.operation.position),
        "tasks_from": params.tasks_from,
        "vars_from": params.vars_from,
        "defaults_from": params.defaults_from,
        "handlers_from": params.handlers_from,
        "public": params.public,
        "allow_duplicates": params.allow_duplicates,
        "rolespec_validate": params.rolespec_validate,
    }
    call.effects.includes.append(Include("role", params.name, loop_values(call), options))
    return {"changed": False}


EXAMPLES = """
- name: The database of this host
  include_role:
    name: "{{ database_role }}"
    tasks_from: install
"""
