"""Gather facts with the modules that are set for it: ours, or those of ``facts_modules``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.execution.acting import module
from provisioner.execution.fact_cache import GATHERED
from provisioner.execution.needs import Result, Steps
from provisioner.execution.resolve import module_defaults
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional
from provisioner.templating.merging import merge
from provisioner.templating.omit import strip_omit

TRAITS = Traits()
OURS = "setup"
ABOUT_OURS = frozenset({"gather_subset", "gather_timeout", "filter", "fact_path"})


class Params(Parameters):
    """What to gather; other parameters are passed on to modules of ``facts_modules``."""

    parallel: bool | None = optional("bool", "Accepted; modules run one after another.")
    accepts_any = True


def run(call: ActionCall) -> Steps:
    """Run the modules and join their facts."""
    names = _modules(call)
    whole: Result = {"changed": False, "ansible_facts": {}}
    failed: dict[str, Any] = {}
    for number, name in enumerate(names):
        result = yield from module(call, name, _arguments(call, name), last=number == len(names) - 1)
        if len(names) == 1:
            whole = result
            continue
        facts = result.get("ansible_facts")
        if isinstance(facts, Mapping):
            whole["ansible_facts"] = merge(whole["ansible_facts"], facts, lists="append_rp")
        if result.get("failed"):
            failed[name] = result
    if failed:
        whole.update(failed=True, failed_modules=failed, msg=f"these modules failed: {', '.join(failed)}")
    call.effects.gathered = not whole.get("failed")
    if call.effects.gathered and isinstance(whole.get("ansible_facts"), Mapping):
        whole = {**whole, "ansible_facts": {**whole["ansible_facts"], GATHERED: True}}
    return whole


def _modules(call: ActionCall) -> list[str]:
    """Return the modules: the variable ``ansible_facts_modules``, else the setting; ``smart`` stands for ours."""
    found = call.scope.find("ansible_facts_modules")
    asked: object = call.run.play.run.options.policy.facts_modules
    if found is not None:
        asked = call.renderer.variable("ansible_facts_modules", call.scope)
    words = asked.split(",") if isinstance(asked, str) else asked
    names = [str(each).strip().removeprefix("ansible.builtin.").removeprefix("ansible.legacy.") for each in words]  # type: ignore[attr-defined]
    return list(dict.fromkeys(OURS if name in ("smart", "gather_facts") else name for name in names)) or [OURS]


def _arguments(call: ActionCall, name: str) -> Mapping[str, Any]:
    given = {key: value for key, value in call.args.items() if key != "parallel"}
    if name != OURS:
        given = {key: value for key, value in given.items() if key not in ABOUT_OURS}
    defaults = strip_omit(module_defaults(call.run, call.scope, call.resolved.keywords, name))
    return {**(defaults if isinstance(defaults, dict) else {}), **given}


RETURNS = """
ansible_facts: The facts, each with ansible_ before its name.
"""

EXAMPLES = """
- name: Look again what the host is like now
  gather_facts:
    gather_subset: [min]
"""
