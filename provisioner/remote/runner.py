"""Runs one module: inspect, plan, apply, inspect again. Check mode is no apply."""

import traceback
from typing import Any, Dict, Mapping, Optional

from .change import Change, Failed, Skipped, Traits
from .params import BadParameters, FileParameters
from .system import System
from .system.attributes import foretold_accounts, info


class Mode:
    """How to run: ``check`` decides without touching, ``diff`` wants before and after, ``hold`` fails on a change."""

    __slots__ = ("check", "diff", "hold")

    def __init__(self, check: bool = False, diff: bool = False, hold: bool = False) -> None:
        self.check, self.diff, self.hold = check, diff, hold


def run_module(module: Any, raw: Mapping[str, Any], mode: Mode, system: System) -> Dict[str, Any]:
    """Return the module's result as a dictionary with the names Ansible documents; never raises."""
    try:
        params = module.Params.parse(raw)
    except BadParameters as error:
        name = str(getattr(module, "__name__", "")).rpartition(".")[2]
        return {"failed": True, "changed": False, "msg": error.said(name, module.Params)}
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
            "module_stdout": "",
            "module_stderr": traceback.format_exc(),
            "rc": 1,
        }
    if mode.check and isinstance(params, FileParameters):
        _foretell_accounts(params, result)
    _describe_path(result, system)
    system.files.let_go()
    if any(p.no_log for p in module.Params.declared.values()):
        result["_secrets"] = [
            getattr(params, name)
            for name, p in module.Params.declared.items()
            if p.no_log and isinstance(getattr(params, name), str)
        ]
    return result


def _foretell_accounts(params: FileParameters, result: Dict[str, Any]) -> None:
    said = foretold_accounts(params)
    if said:
        old = result.get("warnings") or []
        result["warnings"] = old + [text for text in said if text not in old]


def _describe_path(result: Dict[str, Any], system: System) -> None:
    """Add owner, mode and so on of the path a result names, as Ansible does whatever the module."""
    path = result.get("path", result.get("dest"))
    if isinstance(path, str) and path and "uid" not in result:
        try:
            found = info(system, path)
        except (OSError, Failed):
            return
        for name, value in found.items():
            result.setdefault(name, value)


def _work(module: Any, params: Any, mode: Mode, system: System) -> Dict[str, Any]:
    traits: Traits = getattr(module, "TRAITS", Traits())
    system.foretell, system.checks = mode.check or mode.diff, mode.check
    change = _decide(module, params, system)
    result = dict(change.result)
    result.setdefault("changed", bool(change.changed))
    if change.diff and mode.diff:
        result["diff"] = change.diff  # in the place of the short one that some modules always give
    if mode.check:
        return _only_planned(change, result)
    if change.changed is False:
        return result
    if mode.hold and (change.changed is None or result["changed"]):  # what never counts as a change may be done
        raise Failed("the plan says that nothing changes here, and this would: it was not done", unplanned=True)
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
