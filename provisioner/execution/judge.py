"""Reads a module's raw result as Ansible does and decides: ok, changed, failed, skipped. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.diagnostics.errors import TargetError
from provisioner.execution.needs import Result
from provisioner.model.call import Reply
from provisioner.model.status import Status


class DroppedUnrun(Exception):
    """The request was not run, as something before it on the host failed."""


def result_of(reply: Reply) -> Result:
    """Return the result in a reply; DroppedUnrun or the target error where there is none."""
    if reply.dropped:
        raise DroppedUnrun
    if reply.error is not None:
        raise reply.error
    if reply.result is None:
        raise TargetError("a reply held neither result nor error")
    return dict(reply.result)


def normalised(result: Result) -> Result:
    """Return the result with what the language promises: changed, failed, stdout_lines, stderr_lines."""
    if "failed" not in result and result.get("rc") not in (None, 0, "0"):
        result["failed"] = True
    result.setdefault("changed", False)
    result.setdefault("failed", False)
    for name in ("stdout", "stderr"):
        if isinstance(result.get(name), str) and f"{name}_lines" not in result:
            result[f"{name}_lines"] = result[name].splitlines()
    return result


def status_of(result: Mapping[str, Any], *, ignores_errors: bool = False) -> Status:
    """Return the final status that a judged result stands for."""
    if result.get("unreachable"):
        return Status.LOST if result.get("lost") else Status.UNREACHABLE
    if is_failed(result):
        return Status.IGNORED if ignores_errors else Status.FAILED
    if result.get("skipped"):
        return Status.SKIPPED
    return Status.CHANGED if result.get("changed") else Status.OK


def is_failed(result: Mapping[str, Any]) -> bool:
    """Tell whether a result stands for a failure: what ``failed_when`` came to has the last word, also on tries."""
    if "failed_when_result" in result:
        return bool(result["failed_when_result"])
    items = result.get("results")
    judged = (
        [i for i in items if isinstance(i, Mapping) and "failed_when_result" in i] if isinstance(items, list) else []
    )
    if judged:
        return any(i["failed_when_result"] for i in judged)
    return bool(result.get("failed"))


def combined(results: list[Result]) -> Result:
    """Return the result of a whole loop from those of its items."""
    if not results:
        return {"changed": False, "skipped": True, "skipped_reason": "No items in the list", "results": []}
    skipped = all(r.get("skipped") for r in results)
    whole: Result = {"results": results, "changed": any(r.get("changed") for r in results), "skipped": skipped}
    out_of_reach = next((r for r in results if r.get("unreachable")), None)
    if out_of_reach is not None:
        lost = any(r.get("lost") for r in results)
        return {**whole, "unreachable": True, "lost": lost, "msg": out_of_reach.get("msg", "")}
    if skipped:
        return {**whole, "msg": "All items skipped"}
    if any(r.get("failed") for r in results):
        return {**whole, "failed": True, "msg": "One or more items failed"}
    return {**whole, "msg": "All items completed"}
