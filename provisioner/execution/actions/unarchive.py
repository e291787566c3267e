"""Unpack an archive of the controller's, or one on the host, into a directory."""

from __future__ import annotations

from provisioner.execution.judge import result_of
from provisioner.execution.needs import Result, Steps
from provisioner.execution.sending import NEEDS_CONTENT, read
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.modules.unarchive import EXAMPLES, Params
from provisioner.remote.params import demand

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

TRAITS = Traits()


def run(call: ActionCall) -> Steps:
    """Send the archive; where ``creates`` may make that needless, ask first."""
    demand(bool(call.args.get("src") and call.args.get("dest")), "src (or content) and dest are required")
    params = Params.parse(call.args)
    if params.remote_src or not params.copy:
        return _judged(result_of((yield call.remote("unarchive", call.args))))
    known = yield from read(call, call.find_file(params.src, "files"), decrypts=params.decrypt)
    args = {**call.args, "src": str(known.path)}
    if params.creates:
        asked: Result = result_of((yield call.remote("unarchive", args, last=False)))
        if not asked.pop(NEEDS_CONTENT, False):
            return _judged(asked)
    return result_of((yield call.remote("unarchive", args, body=known.body)))


def _judged(result: Result) -> Result:
    """Return the result, skipped where ``creates`` is there."""
    return {**result, "skipped": True} if str(result.get("msg", "")).startswith("skipped, since") else result
