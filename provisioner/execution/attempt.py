"""One task on one host from beginning to end: resolve, decide, call, judge. It never waits, it only yields needs."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.errors import InputError, Lost, TargetError, Unreachable
from provisioner.execution.judge import normalised, result_of, status_of
from provisioner.execution.loops import LoopItem, loop_items, looped
from provisioner.execution.needs import Again, Call, Need, ResetConnection, Result, Steps
from provisioner.execution.outcome import Effects, Outcome
from provisioner.execution.resolve import limit_s, rendered_keywords, resolve
from provisioner.execution.retrying import Patience, patience
from provisioner.execution.task_run import ActionCall, Resolved, TaskRun
from provisioner.model.keywords import Keywords
from provisioner.model.status import Status
from provisioner.remote.params import BadParameters
from provisioner.templating.errors import UndefinedVariable
from provisioner.transport.failures import ElevationFailed
from provisioner.variables.scope import Layer, Level, Scope


@dataclass
class Notes:
    """What outlives the single items: keywords as they came out last, for the task as a whole."""

    ignores_errors: bool = False
    ignores_unreachable: bool = False
    is_fatal: bool = False
    delegated_to: str = ""
    reached: str = ""
    is_secret: bool = False


def attempt(run: TaskRun) -> Generator[Need, Any, Outcome]:
    """Run the task; what is wrong with it becomes a failed result, never an exception (but NotYet and dropped)."""
    keywords = run.operation.keywords
    notes = Notes(is_fatal=keywords.any_errors_fatal is True)
    try:
        result = yield from _whole(run, notes)
        status = status_of(result, ignores_errors=notes.ignores_errors)
        if result.get("unreachable") and notes.ignores_unreachable:
            status = Status.IGNORED
    except (InputError, BadParameters) as error:
        status, result = _wrong(run, error)
    except (Unreachable, Lost, TargetError) as error:
        status, result = _out_of_reach(error, notes)
    if status is Status.IGNORED and result.get("unreachable"):
        yield ResetConnection(notes.reached)
    effects = run.effects
    if run.task.register:
        effects.registered[run.task.register] = result
    names = tuple(str(n) for n in run.operation.keywords.notify) if result.get("changed") else ()
    notify = names if status is Status.CHANGED else ()
    return Outcome(status, result, effects, run.is_secret, notes.delegated_to, notify, notes.is_fatal)


def _wrong(run: TaskRun, error: InputError | BadParameters) -> tuple[Status, Result]:
    if isinstance(error, UndefinedVariable) and run.play.compiled.selection.only_proofs:
        reason = f"only checks run, and this needs what a task would find out: {error.brief}"
        return Status.SKIPPED, {"changed": False, "skipped": True, "skip_reason": reason}
    result: Result = {"failed": True, "changed": False, "msg": str(error)}
    return (Status.IGNORED if ignores_errors(run) else Status.FAILED), result


def _out_of_reach(error: TargetError, notes: Notes) -> tuple[Status, Result]:
    if isinstance(error, ElevationFailed):
        failed = {"failed": True, "changed": False, "msg": str(error)}
        return (Status.IGNORED if notes.ignores_errors else Status.FAILED), failed
    result: Result = {"unreachable": True, "changed": False, "msg": str(error)}
    if notes.ignores_unreachable:
        return Status.IGNORED, {**result, "skip_reason": "Host is unreachable"}
    return (Status.LOST if isinstance(error, Lost) else Status.UNREACHABLE), result


def out_of_time(run: TaskRun, seconds: float) -> Outcome:
    """Return the outcome of a task that was given up because its time was over."""
    message = f"the task did not finish within its time limit of {seconds:g} s"
    result = {"failed": True, "changed": False, "msg": message, "timedout": {"period": seconds}}
    effects = Effects(registered={run.task.register: result} if run.task.register else {})
    status = Status.IGNORED if ignores_errors(run) else Status.FAILED
    return Outcome(status, result, effects, run.is_secret, is_fatal=run.operation.keywords.any_errors_fatal is True)


def interrupted(run: TaskRun) -> Outcome:
    """Return the outcome of a task that waited, or was between two items of its loop, when the user stopped the run."""
    result = {"failed": True, "changed": False, "msg": "the run was stopped before this task was at its end"}
    return Outcome(Status.FAILED, result, run.effects, run.is_secret)


def abandoned(run: TaskRun) -> Outcome:
    """Return the outcome of a task under way when the user ended the run at once."""
    text = f"host {run.host}: the run was ended while this task was under way; whether it was done is not known"
    return Outcome(Status.LOST, {"unreachable": True, "changed": False, "msg": text}, Effects(), run.is_secret)


def ignores_errors(run: TaskRun) -> bool:
    """Tell whether ``ignore_errors`` holds for the task as a whole; not where it cannot be evaluated."""
    only = Keywords(ignore_errors=run.operation.keywords.ignore_errors)
    try:
        return rendered_keywords(only, run, run.scope()).ignore_errors is True
    except InputError:
        return False


def _whole(run: TaskRun, notes: Notes) -> Steps:
    if run.task.loop is None:
        return (yield from one(run, notes, None))
    items = _items_or_skip(run)
    if isinstance(items, dict):
        return items
    return (yield from looped(run, items, lambda item: one(run, notes, item)))


def _items_or_skip(run: TaskRun) -> list[LoopItem] | Result:
    """Return the loop's items; where they cannot be had but the condition is false anyway, the skipped result."""
    try:
        return loop_items(run)
    except UndefinedVariable:
        try:
            skipped = _skipped(run, run.scope())
        except UndefinedVariable:
            skipped = None
        if skipped is None:
            raise
        return skipped


def one(run: TaskRun, notes: Notes, item: LoopItem | None) -> Steps:
    """Run the task once: without a loop, or for one item."""
    extra = item.layers if item else ()
    scope = _scope(run, extra)
    skipped = _skipped(run, scope)
    if skipped is not None:
        return skipped
    resolved = resolve(run, scope)
    notes.is_secret |= resolved.no_log  # items are told when several have begun: one secret makes all so
    run.is_secret, notes.delegated_to = notes.is_secret, resolved.delegated_to
    run.limit_s, notes.reached = limit_s(run, resolved.keywords, scope), resolved.route.target.host
    notes.ignores_errors = resolved.keywords.ignore_errors is True
    notes.ignores_unreachable = resolved.keywords.ignore_unreachable is True
    notes.is_fatal = resolved.keywords.any_errors_fatal is True
    trying = patience(run, scope)
    while True:
        result, error = yield from _once(run, resolved, extra, trying)
        wait_s = trying.next_wait(result, error, lambda r: _holds(run, extra, r))
        if wait_s is None:
            break
        if error is not None:
            yield ResetConnection(resolved.route.target.host)
        yield Again(trying.attempt, trying.attempts, wait_s)
    if error is not None:
        raise error
    return trying.final(result)


def _once(
    run: TaskRun, resolved: Resolved, extra: tuple[Layer, ...], trying: Patience
) -> Generator[Need, Any, tuple[Result, TargetError | None]]:
    effects = Effects()
    call = ActionCall(run, resolved, _scope(run, extra), effects)
    try:
        result = yield from _act(call, only_once=trying.attempts == 1)
    except TargetError as error:
        if trying.retries(error):
            return {}, error
        raise
    _keep(run, resolved, effects, result)
    return _judged(run, extra, normalised(result)), None


def _scope(run: TaskRun, extra: tuple[Layer, ...]) -> Scope:
    """Return the scope with what earlier items of this task have set."""
    mine = run.effects.variables
    set_so_far = (Layer(Level.SET_FACTS, "set_fact", dict(mine), rendered=True),) if mine else ()
    return run.scope(*set_so_far, *extra)


def _skipped(run: TaskRun, scope: Scope) -> Result | None:
    for condition in run.operation.keywords.when:
        if not run.renderer.condition((condition,), scope):
            reason = "Conditional result was False"
            return {"changed": False, "skipped": True, "skip_reason": reason, "false_condition": condition}
    return None


def _act(call: ActionCall, *, only_once: bool) -> Steps:
    name = call.run.task.action
    if name in catalog.names("action"):
        action = catalog.load("action", name)
        if hasattr(action, "answer"):
            return dict(action.answer(call))
        steps: Steps = action.run(call)
    elif name in catalog.names("module"):
        steps = _module(call, name)
    else:
        return {"failed": True, "msg": f"module {name} is not available here", "changed": False}
    if only_once:
        return (yield from steps)
    return (yield from _never_last(steps))


def _module(call: ActionCall, name: str) -> Steps:
    return result_of((yield call.remote(name, call.args)))


def _never_last(steps: Steps) -> Steps:
    """Pass needs on, saying of each that more may follow: the whole may be tried again."""
    try:
        need = next(steps)
        while True:
            need = steps.send((yield replace(need, last=False) if isinstance(need, Call) else need))
    except StopIteration as stop:
        return dict(stop.value)


def _keep(run: TaskRun, resolved: Resolved, effects: Effects, result: Result) -> None:
    """Add one try's effects to the task's."""
    mine = run.effects
    facts = result.get("ansible_facts")
    if isinstance(facts, Mapping) and run.task.action != "set_fact":
        effects.facts.update(facts)
    is_elsewhere = resolved.delegated_to and resolved.keywords.delegate_facts is True
    facts_of_it, variables_of_it = mine.facts, mine.variables
    if is_elsewhere and (effects.facts or effects.variables):
        facts_of_it, variables_of_it = mine.elsewhere.setdefault(resolved.delegated_to, ({}, {}))
    facts_of_it.update(effects.facts)
    variables_of_it.update(effects.variables)
    mine.included.update(effects.included)
    mine.includes += effects.includes
    mine.new_hosts += effects.new_hosts
    mine.new_groups += effects.new_groups
    mine.stats.update(effects.stats)
    mine.ends = effects.ends or mine.ends
    mine.clear_facts |= effects.clear_facts
    mine.clear_errors |= effects.clear_errors
    mine.refresh_inventory |= effects.refresh_inventory


def _judged(run: TaskRun, extra: tuple[Layer, ...], result: Result) -> Result:
    task = run.task
    if (task.failed_when is None and task.changed_when is None) or result.get("skipped"):
        return result
    try:
        return _judged_by_conditions(run, extra, result)
    except InputError as error:
        return {**result, "failed": True, "msg": str(error)}


def _judged_by_conditions(run: TaskRun, extra: tuple[Layer, ...], result: Result) -> Result:
    task, scope = run.task, _result_scope(run, extra, result)
    if task.failed_when is not None:
        # each is an alternative of its own only inside one condition; a list is ANDed, as for ``when``
        result["failed"] = result["failed_when_result"] = run.renderer.condition(task.failed_when, scope)
    if task.changed_when is not None:
        result["changed"] = run.renderer.condition(task.changed_when, scope)
    return result


def _holds(run: TaskRun, extra: tuple[Layer, ...], result: Result) -> bool:
    """Tell whether ``until`` is satisfied; without conditions, whether the try did not fail."""
    conditions = run.task.until.conditions if run.task.until else ()
    if not conditions:
        return not result.get("failed")
    return run.renderer.condition(conditions, _result_scope(run, extra, result))


def _result_scope(run: TaskRun, extra: tuple[Layer, ...], result: Result) -> Scope:
    registered = {run.task.register: result} if run.task.register else {}
    return _scope(run, (*extra, Layer(Level.LOOP, "register", registered, rendered=True)))
