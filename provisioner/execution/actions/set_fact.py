"""Set variables of a host for the rest of the run."""

from __future__ import annotations

import re

from provisioner.diagnostics.errors import InputError
from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, boolean, optional

TRAITS = Traits()
_WORDS = frozenset({"true", "false", "yes", "no"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Params(Parameters):
    """Any names with their values."""

    cacheable: bool = optional("bool", "Also keep them as facts, below other variables.", False)
    accepts_any = True


def answer(call: ActionCall) -> Result:
    """Keep the values as they came out."""
    native = call.renderer.settings.native
    written = {_name(call, key): value for key, value in call.args.items() if key != "cacheable"}
    values = {name: _listed(value if native else _value(value)) for name, value in written.items()}
    for name in values:
        if not _NAME.fullmatch(name):
            raise InputError.at(call.run.operation.position, f"'{name}' cannot be the name of a variable")
    if not values:
        raise InputError.at(call.run.operation.position, "set_fact needs at least one name with a value")
    call.effects.variables.update(values)
    if boolean(call.args.get("cacheable", False)):
        call.effects.facts.update(values)
    return {"changed": False, "ansible_facts": values}


def _name(call: ActionCall, written: object) -> str:
    """Return a variable's name, which may be a template."""
    return call.renderer.text(str(written), call.scope) if "{{" in str(written) else str(written)


def _listed(value: object) -> object:
    """Return a value with lists for its tuples, as results of tasks have them."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _value(value: object) -> object:
    """Return a value as set_fact keeps it: the words for true and false become what they say."""
    return boolean(value) if isinstance(value, str) and value.lower() in _WORDS else value


RETURNS = """
ansible_facts: The facts set.
"""

EXAMPLES = """
- name: Remember the release
  set_fact:
    release: "{{ lookup('file', 'VERSION') }}"
"""
