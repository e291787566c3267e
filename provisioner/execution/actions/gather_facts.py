"""Gather facts with the modules that are set for it: ours, or those of ``facts_modules``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.execution import bridging, jobs
from provisioner.execution.acting import call_of, module
from provisioner.execution.fact_cache import GATHERED
from provisioner.execution.needs import Call, Result, Steps
from provisioner.execution.resolve import module_defaults
from provisioner.execution.task_run import ActionCall
from provisioner.loading.action import canonical
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, boolean, optional
from provisioner.templating.merging import merge
from provisioner.templating.omit import strip_omit

TRAITS = Traits()
OURS = "setup"
ABOUT_OURS = frozenset({"gather_subset", "gather_timeout", "filter", "fact_path"})
NETWORK = frozenset({
    "arista.eos.eos", "asa", "cisco.asa.asa", "cisco.ios.ios", "cisco.iosxr.iosxr", "cisco.nxos.nxos",
    "community.network.ironware", "eos", "exos", "extreme.exos.exos", "extreme.slxos.slxos", "extreme.voss.voss",
    "frr", "frr.frr.frr", "ios", "iosxr", "ironware", "junipernetworks.junos.junos", "junos", "nxos", "slxos",
    "voss", "vyos", "vyos.vyos.vyos",
})  # fmt: skip
"""Operating systems of network devices whose facts have a module of that name and ``_facts``."""


class Params(Parameters):
    """What to gather; other parameters are passed on to modules of ``facts_modules``."""

    parallel: bool | None = optional(
        "bool", "Run the modules at the same time; unless said otherwise where there are several."
    )
    accepts_any = True


def run(call: ActionCall) -> Steps:
    """Run the modules and join their facts, in the order of the modules."""
    names = _modules(call)
    if not names:
        text = f"there is no module of facts for the network OS '{_network_os(call)}'; facts_modules may name one"
        return {"failed": True, "changed": False, "msg": f"No fact modules available: {text}"}
    warnings = []
    if OURS in names and _network_os(call):
        warnings.append(
            "Detected 'setup' module and a network OS is set: what it says is about the controller, not the device"
        )
    results = yield from (_at_once if _is_parallel(call, names) else _in_turn)(call, names)
    whole = results[names[0]] if len(names) == 1 and "ansible_job_id" not in results[names[0]] else _joined(results)
    if warnings:
        whole["warnings"] = [*warnings, *whole.get("warnings", ())]
    call.effects.gathered = not whole.get("failed")
    if call.effects.gathered and isinstance(whole.get("ansible_facts"), Mapping):
        whole = {**whole, "ansible_facts": {**whole["ansible_facts"], GATHERED: True}}
    return whole


def _in_turn(call: ActionCall, names: Sequence[str]) -> Steps:
    results = {}
    for number, name in enumerate(names):
        results[name] = yield from module(call, name, _arguments(call, name), last=number == len(names) - 1)
    return results


def _at_once(call: ActionCall, names: Sequence[str]) -> Steps:
    made: dict[str, Call] = {}
    results: Result = {}
    for name in names:
        prepared = yield from call_of(call, name, canonical(name), _arguments(call, name), last=False)
        (results if isinstance(prepared, dict) else made)[name] = prepared
    limit_s = int(float(call.args.get("gather_timeout") or 0))
    for name, result in (yield from jobs.side_by_side(call, made, limit_s)).items():
        results[name] = bridging.without_ours(result) if made[name].request.carried else result
    return {name: results[name] for name in names}


def _joined(results: Mapping[str, Result]) -> Result:
    whole: Result = {"changed": False, "ansible_facts": {}}
    for result in results.values():
        facts = result.get("ansible_facts")
        if isinstance(facts, Mapping):
            whole["ansible_facts"] = merge(whole["ansible_facts"], facts, lists="append_rp")
        if result.get("warnings"):
            whole["warnings"] = [*whole.get("warnings", ()), *result["warnings"]]
    failed = {name: result for name, result in results.items() if result.get("failed")}
    if failed:
        whole.update(failed=True, failed_modules=failed, msg=f"these modules failed: {', '.join(failed)}")
    return whole


def _is_parallel(call: ActionCall, names: Sequence[str]) -> bool:
    """Tell whether modules run at the same time: as the task says, else the variable, else where there are several."""
    said = call.args.get("parallel")
    if said is None and call.scope.find("ansible_facts_parallel") is not None:
        said = call.renderer.variable("ansible_facts_parallel", call.scope)
    return len(names) > 1 if said is None else boolean(said)


def _modules(call: ActionCall) -> list[str]:
    """Return the modules: the variable ``ansible_facts_modules``, else the setting.

    ``smart`` stands for ours, on a network device for the one of its operating system.
    """
    found = call.scope.find("ansible_facts_modules")
    asked: object = call.run.play.run.options.policy.facts_modules
    if found is not None:
        asked = call.renderer.variable("ansible_facts_modules", call.scope)
    words = asked.split(",") if isinstance(asked, str) else asked
    names = [str(each).strip().removeprefix("ansible.builtin.").removeprefix("ansible.legacy.") for each in words]  # type: ignore[attr-defined]
    system = _network_os(call)
    smart = "" if system and system not in NETWORK else f"{system}_facts" if system else OURS
    chosen = [smart if name in ("smart", "gather_facts") else name for name in names or ["smart"]]
    return [name for name in dict.fromkeys(chosen) if name]


def _network_os(call: ActionCall) -> str:
    """Return the operating system of a network device, empty for other hosts."""
    if call.scope.find("ansible_network_os") is None:
        return ""
    return str(call.renderer.variable("ansible_network_os", call.scope) or "")


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
