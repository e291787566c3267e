"""What a task's name means when it is run: an action here, a module of ours, the user's own, one of a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner import catalog
from provisioner.bridge.library import Foreign, Refusal
from provisioner.execution import bridging, jobs
from provisioner.execution.judge import result_of
from provisioner.execution.needs import ResetConnection, Result, Steps
from provisioner.execution.task_run import ActionCall
from provisioner.loading.action import canonical, params_of

WITH_JOBS = frozenset({"async_status", "meta", "gather_facts"})
"""Actions to which ``async`` does not matter."""


def act(call: ActionCall) -> Steps:
    """Do what the task says, once."""
    written, name = _names(call)
    job = jobs.asked(call)
    plugin = bridging.acted(call, written, name)
    if plugin is not None:
        by_plugin: Steps = catalog.part("provisioner.execution.plugin_actions").run(call, plugin, _for_plugin)
        return (yield from by_plugin)
    if name in catalog.names("action"):
        if job is not None and name not in WITH_JOBS:
            return {"failed": True, "changed": False, "msg": f"This action ({written}) does not support async."}
        action = catalog.load("action", name)
        if hasattr(action, "answer"):
            return dict(action.answer(call))
        steps: Steps = action.run(call)
        return (yield from steps)
    leaving = _leaving(call, name)
    if leaving:
        yield ResetConnection(call.resolved.route.target.host, leaving)
    made = yield from call_of(call, written, name, call.args)
    if isinstance(made, dict):
        return made
    result = (yield from jobs.run(call, made, job)) if job else result_of((yield made))
    _join_streams(call, result)
    return bridging.without_ours(result) if made.request.carried else result


def _leaving(call: ActionCall, name: str) -> str:
    """Return the user that a task removes: a worker of ours that waits as that user would be in the way."""
    if name != "user" or call.check or call.args.get("state") != "absent":
        return ""
    return str(call.args.get("name") or call.args.get("user") or "")


def _for_plugin(call: ActionCall, written: str, as_module: bool) -> Steps:
    """Do for an action plugin what a task of that name would, or only run its module."""
    name = call.resolved.action
    if as_module or name not in catalog.names("action"):
        return (yield from module(call, written, call.args, last=False))
    action = catalog.load("action", name)
    if hasattr(action, "answer"):
        return dict(action.answer(call))
    steps: Steps = action.run(call)
    return (yield from steps)


def _join_streams(call: ActionCall, result: Result) -> None:
    """Show what a broken module wrote where playbooks look for it: over SSH, Ansible has one stream for both."""
    errors = result.get("module_stderr")
    if errors and call.resolved.route.target.connection != "local" and "exception" in result:
        result["module_stdout"] = f"{result.get('module_stdout', '')}{errors}"


def module(call: ActionCall, written: str, args: Mapping[str, Any], *, last: bool = True) -> Steps:
    """Run a module on the task's target for an action, whoever it is from."""
    made = yield from call_of(call, written, canonical(written), args, last=last)
    if isinstance(made, dict):
        return made
    result = result_of((yield made))
    return bridging.without_ours(result) if made.request.carried else result


def call_of(call: ActionCall, written: str, name: str, args: Mapping[str, Any], *, last: bool = True) -> Any:
    """Return, by yielding needs, the call of a module (the user's own, ours, one from elsewhere), or why not."""
    foreign: Foreign | Refusal | None = bridging.overriding(call, written)
    if foreign is None and name in catalog.names("module"):
        other, given = beyond(name, args)
        if not given:
            return call.remote(name, args, last=last)
        foreign = bridging.elsewhere(call, other)
        if isinstance(foreign, Refusal):
            text = f"{name} does not do {', '.join(given)} by itself, and {foreign.text}"
            return {"failed": True, "changed": False, "msg": text}
    foreign = foreign or bridging.elsewhere(call, written)
    if isinstance(foreign, Refusal):
        return {"failed": True, "changed": False, "msg": foreign.text}
    return (yield from bridging.request(call, foreign, args, last=last))


def beyond(name: str, args: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the module of a collection that one of ours stands for, and what was given that only that one does."""
    declared = params_of(name)
    if declared is None or not declared.beyond:
        return "", []
    given = [key for key in args if args[key] is not None]
    found = [key for key in given if key in declared.beyond]
    found += [f"{key}={args[key]}" for key in given if f"{key}={args[key]}" in declared.beyond]
    return declared.original, sorted(found)


def _names(call: ActionCall) -> tuple[str, str]:
    """Return the name as written and the one it goes by; a template is rendered."""
    task = call.run.task
    written = str(task.written_action or task.action)
    name = call.resolved.action
    if "{{" in written:
        written = str(call.renderer.render(written, call.scope)).strip()
    return (name if name.count(".") >= 2 else written), name
