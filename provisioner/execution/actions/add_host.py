"""Add a host to the inventory of this run."""

from __future__ import annotations

from provisioner.execution.needs import Result
from provisioner.execution.outcome import NewHost
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required
from provisioner.variables.scope import final

TRAITS = Traits(reach="others")


class Params(Parameters):
    """The host, its groups, and any variables."""

    name: str = required("str", "The host's name.", aliases=("host", "hostname"))
    groups: list[str] = optional("list", "Groups to put it into.", elements="str", aliases=("group", "groupname"))
    accepts_any = True


def answer(call: ActionCall) -> Result:
    """Add the host; it can be used from the next play on, and at once in ``hostvars`` and ``delegate_to``."""
    params = Params.parse(call.args)
    name, port = params.name, None
    if name.count(":") == 1:
        name, port = name.split(":")
    written = {key: final(value) for key, value in params.extra.items()}  # rendered: data of a host is no template
    variables = dict(written, **({"ansible_ssh_port": int(port)} if port else {}))
    groups = tuple(params.groups or ())
    changed = _is_news(call, name, groups, variables)
    call.effects.new_hosts.append(NewHost(name, groups, variables))
    shown = {"host_name": name, "groups": list(groups), "host_vars": variables}
    return {"changed": changed, "add_host": shown}


def _is_news(call: ActionCall, name: str, groups: tuple[str, ...], variables: dict[str, object]) -> bool:
    """Tell whether the inventory, or an earlier item of the same loop, lacks any of it."""
    state = call.run.play.run.inventory
    known = state.inventory.hosts.get(name)
    added = [new for new in call.run.effects.new_hosts if new.name == name]
    if known is None and not added:
        return True
    told = dict(known.vars) if known is not None else {}
    members = set(known.groups) if known is not None else set()
    for new in added:
        told.update(new.variables)
        members.update(state.group_name(group) for group in new.groups)
    return {**told, **variables} != told or not members.issuperset(map(state.group_name, groups))


EXAMPLES = """
- name: The server that was just made
  add_host:
    name: "{{ new_address }}"
    groups: [fresh]
    ansible_user: root
"""
