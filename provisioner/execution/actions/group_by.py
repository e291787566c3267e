"""Put hosts into groups named after what they are."""

from __future__ import annotations

from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required

TRAITS = Traits(reach="others")


class Params(Parameters):
    """The group and its parents."""

    key: str = required("str", "The group's name; spaces become dashes.")
    parents: list[str] = optional("list", "Groups that contain it.", ["all"], elements="str")


def answer(call: ActionCall) -> Result:
    """Add the host to the group."""
    params = Params.parse(call.args)
    group = params.key.replace(" ", "-")
    parents = tuple(p.replace(" ", "-") for p in params.parents)
    state = call.run.play.run.inventory
    added = {name for _, names, _ in call.run.effects.new_groups for name in names}
    is_new = group not in added and state.group_name(group) not in state.group_names(call.host)
    call.effects.new_groups.append((call.host, (group,), parents))
    return {"changed": is_new, "add_group": group, "parent_groups": list(parents)}


EXAMPLES = """
- name: Group by system
  group_by:
    key: "os_{{ ansible_distribution }}"
"""
