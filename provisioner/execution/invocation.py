"""What a module was called with, for results at ``-vvv``: every parameter with its default, secrets masked."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.execution.needs import Result
from provisioner.execution.task_run import Resolved, TaskRun
from provisioner.loading.action import params_of
from provisioner.remote.params import BadParameters

VERBOSE = 3
WITHOUT_MODULE = frozenset(
    {
        "add_host", "assert", "debug", "fail", "fetch", "group_by", "include_vars", "meta", "pause", "raw", "reboot",
        "script", "set_fact", "set_stats", "validate_argument_spec", "wait_for_connection",
    }
)  # fmt: skip
"""What the controller does by itself in Ansible, too: no module was called."""


def with_invocation(run: TaskRun, resolved: Resolved, result: Result) -> Result:
    """Return the result with its invocation where the run tells that much and the module has not told itself."""
    if run.play.run.options.verbosity < VERBOSE or "invocation" in result or resolved.action in WITHOUT_MODULE:
        return result
    shown = _shown(resolved.action, resolved.args)
    return result if shown is None else {**result, "invocation": {"module_args": shown}}


def _shown(action: str, args: Mapping[str, object]) -> dict[str, object] | None:
    declared = params_of(action)
    if declared is None or declared.accepts_any:
        return None
    try:
        return dict(sorted(declared.parse(args).raw().items()))
    except BadParameters:
        return None
