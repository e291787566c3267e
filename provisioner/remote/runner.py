"""Runs one module: inspect, plan, apply, inspect again. Check mode is no apply."""

import traceback
from typing import Any, Dict, Mapping, Optional

from .change import Change, Failed, Skipped, Traits
from .params import BadParameters
from .system import System


class Mode:
    """How to run: ``check`` decides without touching, ``diff`` asks for before and after."""

    __slots__ = ("check", "diff")

    def __init__(self, check: bool = False, diff: bool = False) -> None:
        self.check, self.diff = check, diff


def run_module(module: Any, raw: Mapping[str, Any], mode: Mode, system: System) -> Dict[str, Any]:
    """Return the module's result as a dictionary with the names Ansible documents; never raises."""
    try:
        params = module.Params.parse(raw)
    except BadParameters as error:
        return {"failed": True, "changed": False, "msg": str(error)}
    try:
        result = _work(module, params, mode, system)
    except Skipped as skipped:
        result = dict(skipped.values, changed=False, skipped=True, msg=skipped.msg)
    except Failed as failed:
        result = dict({"changed": False}, **failed.values)
        result.update(failed=True, msg=failed.msg)
    except Exception as error:  # noqa: BLE001 - the border of the worker: whatever a module raises is its failure
        result = {
            "failed": True,
            "changed": False,
            "msg": "%s: %s" % (type(error).__name__, error),
            "exception": traceback.format_exc(),
        }
    if any(p.no_log for p in module.Params.declared.values()):
        result["_secrets"] = [
            getattr(params, name)
            for name, p in module.Params.declared.items()
            if p.no_log and isinstance(getattr(params, name), str)
        ]
    return result


def _work(module: Any, params: Any, mode: Mode, system: System) -> Dict[str, Any]:
    traits: Traits = getattr(module, "TRAITS", Traits())
    system.foretell = mode.check or mode.diff
    change = _decide(module, params, system)
    result = dict(change.result)
    result.setdefault("changed", bool(change.changed))
    if change.diff and mode.diff:
        result["diff"] = change.diff
    if mode.check:
        return _only_planned(change, result)
    if change.changed is False:
        return result
    result.update(module.apply(change, system) or {})
    if traits.settles and change.settles and change.changed:
        _prove(module, params, system)
    return result


def _decide(module: Any, params: Any, system: System) -> Change:
    state = module.inspect(params, system)
    change: Change = module.plan(params, state)
    change.params, change.state = params, state
    return change


def _only_planned(change: Change, result: Dict[str, Any]) -> Dict[str, Any]:
    if change.changed is None:
        result.update(changed=False, skipped=True)
        result.setdefault("msg", "unknown until run: its effect cannot be predicted in check mode")
    return result


def _prove(module: Any, params: Any, system: System) -> None:
    again: Optional[Change] = _decide(module, params, system)
    if again is not None and again.changed:
        raise Failed(
            "the change did not hold: it was applied, but looking again finds it still to do",
            changed=True,
            still_differs=again.diff or again.result,
        )
