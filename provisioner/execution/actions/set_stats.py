"""Keep figures of a run, to be shown at its end."""

from __future__ import annotations

import re

from provisioner.diagnostics.errors import InputError
from provisioner.execution.needs import Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional, required

TRAITS = Traits()
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Params(Parameters):
    """Names and values, and how they add up."""

    data: dict[str, object] = required("dict", "Names with their values.")
    per_host: bool = optional("bool", "Keep them for each host.", False)
    aggregate: bool = optional("bool", "Add to what is there instead of replacing it.", True)


def run(call: ActionCall) -> Steps:
    """Add the values to what the host has said before."""
    yield from ()
    params = Params.parse(call.args)
    known = call.run.play.run.stats.get(call.host, {})
    for name, value in params.data.items():
        if not _NAME.fullmatch(str(name)):
            raise InputError.at(call.run.operation.position, f"'{name}' cannot be the name of a figure")
        call.effects.stats[name] = added(known.get(name), value) if params.aggregate else value
    shown = {"data": dict(params.data), "per_host": params.per_host, "aggregate": params.aggregate}
    return {"changed": False, "ansible_stats": shown}


def added(old: object, new: object) -> object:
    """Return numbers added, texts and lists joined, dictionaries merged; values of other kinds replace each other."""
    if isinstance(old, bool) or isinstance(new, bool):
        return new
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return old + new
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *new]
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **new}
    return new


EXAMPLES = """
- name: Count what was moved
  set_stats:
    data:
      files_moved: 1
"""
