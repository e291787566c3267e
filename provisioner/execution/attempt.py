"""One task on one host from beginning to end: resolve, decide, call, judge. It never waits, it only yields needs."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError, Lost, TargetError, Unreachable
from provisioner.execution.acting import act
from provisioner.execution.invocation import with_invocation
from provisioner.execution.judge import is_failed, normalised, status_of
from provisioner.execution.loops import LoopItem, loop_items, looped
from provisioner.execution.needs import Again, Need, ResetConnection, Result, Steps, never_last
from provisioner.execution.outcome import Effects, Outcome
from provisioner.execution.resolve import delegated_layers, limit_s, refuse_wrong_delegate, rendered_keywords, resolve
from provisioner.execution.retrying import Patience, patience
from provisioner.execution.task_run import ActionCall, Resolved, TaskRun
from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.status import Status
from provisioner.records import dataclass
from provisioner.remote.params import BadParameters
from provisioner.templating.errors import TemplateError, UndefinedVariable
from provisioner.transport.failures import ElevationFailed
from provisioner.variables.scope import Layer, Level, Scope

DISCOVERED = "discovered_interpreter_python"
WITHOUT_FACTS = frozenset({"set_fact", "debug", "include_vars"})
"""Actions whose ``ansible_facts`` are no facts: a variable of that name, or what was looked at."""

UNREGISTERED = frozenset({"_ansible_diagnosis", "_ansible_verbose_always", "_secrets", "invocation"})
"""What a result says that is not for ``register``."""


@dataclass
class Notes:
    """What outlives the single items: keywords as they came out last, for the task as a whole."""

    ignores_errors: bool = False
    ignores_unreachable: bool = False
    is_unignored: bool = False
    """An item failed for which ``ignore_errors`` does not hold."""
    is_unforgiven: bool = False
    """An item did not reach its host, and ``ignore_unreachable`` does not hold for it."""
    is_fatal: bool = False
    delegated_to: str = ""
    reached: str = ""
    is_secret: bool = False
    is_declared_secret: bool = False
    """The task says so, not only the result of an item."""
    is_unclear: bool = False
    """What the task says of itself could not be evaluated: nothing was done, and no item behind it is."""


def attempt(run: TaskRun) -> Generator[Need, Any, Outcome]:
    """Run the task; what is wrong with it becomes a failed result, never an exception (but NotYet and dropped)."""
    keywords = run.operation.keywords
    notes = Notes(is_fatal=_is_fatal(run, keywords))
    try:
        result = yield from _whole(run, notes)
        status = status_of(result, ignores_errors=notes.ignores_errors and not notes.is_unignored)
        if result.get("unreachable") and notes.ignores_unreachable and not notes.is_unforgiven:
            status = Status.IGNORED
    except (InputError, BadParameters) as error:
        status, result = _wrong(run, error)
        run.effects.includes.clear()
    except (Unreachable, Lost, TargetError) as error:
        status, result = _out_of_reach(error, notes)
    if status is Status.IGNORED and result.get("unreachable"):
        yield ResetConnection(notes.reached)
    return _outcome(run, notes, status, result)


def _outcome(run: TaskRun, notes: Notes, status: Status, result: Result) -> Outcome:
    """Return how the task ended, with what it brings: only what a failed one may bring too where it failed."""
    effects = run.effects
    if is_failed(result) or result.get("unreachable"):
        effects.forget()
    if run.task.register:
        effects.registered[run.task.register] = {k: v for k, v in result.items() if k not in UNREGISTERED}
    names = tuple(str(n) for n in run.operation.keywords.notify) if result.get("changed") else ()
    notify = names if status is Status.CHANGED else ()
    return Outcome(
        status, result, effects, run.is_secret, notes.delegated_to, notify, notes.is_fatal,
        is_told_by_items=run.task.loop is not None and notes.is_secret and not notes.is_declared_secret,
    )  # fmt: skip


def _is_fatal(run: TaskRun, keywords: Keywords) -> bool:
    """Tell whether a failure ends the way of all hosts: as the keyword says, else as is configured."""
    if keywords.any_errors_fatal is UNSET:
        return run.play.run.options.policy.any_errors_fatal
    return keywords.any_errors_fatal is True


def _wrong(run: TaskRun, error: InputError | BadParameters) -> tuple[Status, Result]:
    if isinstance(error, UndefinedVariable) and run.play.compiled.selection.only_proofs:
        reason = f"only checks run, and this needs what a task would find out: {error.brief}"
        return Status.SKIPPED, {"changed": False, "skipped": True, "skip_reason": reason}
    result: Result = {"failed": True, "changed": False, "msg": error.said()}
    if isinstance(error, InputError):
        result["_ansible_diagnosis"] = str(error)
    if isinstance(error, TemplateError) and error.is_unexpected:
        result["exception"] = str(error)
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
    action = run.task.written_action or run.task.action
    message = f"The {action} action failed to execute in the expected time frame ({seconds:g}) and was terminated"
    result = {"failed": True, "changed": False, "msg": message, "timedout": {"period": seconds}}
    effects = Effects(registered={run.task.register: result} if run.task.register else {})
    status = Status.IGNORED if ignores_errors(run) else Status.FAILED
    return Outcome(status, result, effects, run.is_secret, is_fatal=run.operation.keywords.any_errors_fatal is True)


def interrupted(run: TaskRun) -> Outcome:
    """Return the outcome of a task that waited, or was between two items of its loop, when the user stopped the run."""
    text = "the run was stopped before this task was at its end"
    result = {"failed": True, "changed": False, "msg": text, "interrupted": True}
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
    if run.task.loop is None or run.task.mistakes:
        return (yield from one(run, notes, None))
    items = _items_or_skip(run)
    if isinstance(items, dict):
        return items
    return (yield from looped(run, items, lambda item: _guarded(run, notes, item)))


def _guarded(run: TaskRun, notes: Notes, item: LoopItem) -> Steps:
    """Run the task for one item; what is wrong with it fails this item alone, unless it cannot be evaluated at all."""
    try:
        return (yield from _item(run, notes, item))
    except (InputError, BadParameters) as error:
        if notes.is_unclear and not run.play.compiled.selection.only_proofs:
            raise
        notes.ignores_errors |= ignores_errors(run)
        return _wrong(run, error)[1]


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
    resolved = _prepared(run, notes, scope)
    if isinstance(resolved, dict):
        return resolved
    notes.is_declared_secret |= resolved.no_log
    notes.is_secret |= resolved.no_log  # items are told when several have begun: one secret makes all so
    run.is_secret, notes.delegated_to = notes.is_secret, resolved.delegated_to
    run.limit_s, notes.reached = limit_s(run, resolved.keywords, scope), resolved.route.target.host
    notes.ignores_errors |= resolved.keywords.ignore_errors is True
    notes.ignores_unreachable |= resolved.keywords.ignore_unreachable is True
    notes.is_fatal = _is_fatal(run, resolved.keywords)
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
    result = trying.final(result)
    if result.pop("_ansible_no_log", False):
        run.is_secret = notes.is_secret = True  # an action plugin says so of its own result
    notes.is_unignored |= is_failed(result) and resolved.keywords.ignore_errors is not True
    return _with_place(result, resolved)


def _prepared(run: TaskRun, notes: Notes, scope: Scope) -> Resolved | Result:
    """Return what the task comes to here, or the result of a skipped one; InputError where neither can be said."""
    try:
        notes.is_unclear = True
        refuse_wrong_delegate(run, scope)
        notes.is_unclear = False
        skipped = _skipped(run, scope)
        if skipped is not None:
            _declare(run, notes, scope)
            return skipped
        if not run.task.mistakes:
            return resolve(run, scope)
    except InputError as error:
        notes.is_unclear |= not _concerns_its_item(error)
        _declare(run, notes, scope)
        raise
    raise InputError([_in_words(each, run, scope) for each in run.task.mistakes])


def _concerns_its_item(error: InputError) -> bool:
    """Tell whether a template raised what nobody expected of it (a division by zero): that fails its item alone."""
    if not isinstance(error, TemplateError) or error.condition:
        return False
    return error.is_unexpected and not isinstance(error.__cause__, TypeError)


def _declare(run: TaskRun, notes: Notes, scope: Scope) -> None:
    """Note what ``no_log`` comes to for a task, or an item, that is not resolved."""
    if run.operation.keywords.no_log not in (UNSET, None, False):
        notes.is_declared_secret |= _is_secret(run, scope)
    notes.is_secret |= notes.is_declared_secret
    run.is_secret = notes.is_secret


def _is_secret(run: TaskRun, scope: Scope) -> bool:
    """Tell whether ``no_log`` hides what is wrong with the task; it does where that cannot be evaluated either."""
    try:
        return rendered_keywords(Keywords(no_log=run.operation.keywords.no_log), run, scope).no_log is True
    except InputError:
        return True


def _item(run: TaskRun, notes: Notes, item: LoopItem) -> Steps:
    """Run the task for one item; note where an item that cannot be reached is not to be passed over."""
    before, notes.ignores_unreachable = notes.ignores_unreachable, False
    mine = False
    steps = one(run, notes, item)
    try:
        need = next(steps)
        mine = notes.ignores_unreachable
        notes.ignores_unreachable |= before
        while True:
            need = steps.send((yield need))
    except StopIteration as stop:
        notes.ignores_unreachable |= before
        return dict(stop.value)
    except TargetError:
        notes.is_unforgiven |= not mine
        raise


def _in_words(mistake: Diagnostic, run: TaskRun, scope: Scope) -> Diagnostic:
    """Return a mistake of the task with what is quoted of it rendered, as Ansible tells it."""
    if "{{" not in mistake.known_as:
        return mistake
    return replace(mistake, known_as=run.renderer.text(mistake.known_as, scope))


def _with_place(result: Result, resolved: Resolved) -> Result:
    """Return the result with where it was delegated to, for those who show it."""
    if not resolved.delegated_to:
        return result
    place = {"ansible_delegated_host": resolved.delegated_to, "ansible_host": resolved.route.target.address}
    return {**result, "_ansible_delegated_vars": place}


def _once(
    run: TaskRun, resolved: Resolved, extra: tuple[Layer, ...], trying: Patience
) -> Generator[Need, Any, tuple[Result, TargetError | None]]:
    effects = Effects()
    extra = (*extra, *delegated_layers(run, resolved.delegated_to))
    call = ActionCall(run, resolved, _scope(run, extra), effects)
    try:
        result = yield from _act(call, only_once=trying.attempts == 1)
    except TargetError as error:
        if trying.retries(error):
            return {}, error
        raise
    _tell_interpreter(run, resolved, result)
    _keep(run, resolved, effects, result)
    result = with_invocation(run, resolved, normalised(result))
    return _judged(run, extra, trying.counted(result)), None


def _scope(run: TaskRun, extra: tuple[Layer, ...]) -> Scope:
    """Return the scope with what earlier items of this task have set."""
    mine = run.effects.variables
    set_so_far = (Layer(Level.SET_FACTS, "set_fact", dict(mine), rendered=True),) if mine else ()
    before = run.last_item
    if before is not None and run.task.register:
        set_so_far = (*set_so_far, Layer(Level.SET_FACTS, "register", {run.task.register: before}, rendered=True))
    return run.scope(*set_so_far, *extra)


def _skipped(run: TaskRun, scope: Scope) -> Result | None:
    for condition in run.operation.keywords.when:
        if not run.renderer.condition((condition,), scope):
            if run.task.action == "meta":
                left: Result = catalog.load("action", "meta").left(
                    str(next(iter(run.task.args.values()), "")), run.host
                )
                return left
            reason = "Conditional result was False"
            return {"changed": False, "skipped": True, "skip_reason": reason, "false_condition": condition}
    return None


def _act(call: ActionCall, *, only_once: bool) -> Steps:
    if only_once:
        return (yield from act(call))
    return (yield from never_last(act(call)))


def _tell_interpreter(run: TaskRun, resolved: Resolved, result: Result) -> None:
    """Add to the first result of a host which Python was found there, as a fact that tasks may use."""
    if not run.interpreter or resolved.delegated_to or resolved.route.target.python != "auto":
        return
    if DISCOVERED not in run.effects.facts and DISCOVERED not in run.play.run.memory(run.host).facts:
        facts = result.get("ansible_facts")
        result["ansible_facts"] = {**(facts if isinstance(facts, Mapping) else {}), DISCOVERED: run.interpreter}


def _keep(run: TaskRun, resolved: Resolved, effects: Effects, result: Result) -> None:
    """Add one try's effects to the task's."""
    mine = run.effects
    facts = result.get("ansible_facts")
    if isinstance(facts, Mapping) and run.task.action not in WITHOUT_FACTS:
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
    mine.figures += effects.figures
    mine.ends = effects.ends or mine.ends
    mine.gathered |= effects.gathered
    mine.clear_facts |= effects.clear_facts
    mine.clear_errors |= effects.clear_errors
    mine.refresh_inventory |= effects.refresh_inventory


def _judged(run: TaskRun, extra: tuple[Layer, ...], result: Result) -> Result:
    """Return the result as ``changed_when`` and ``failed_when`` see it; a condition that is wrong fails the task."""
    task = run.task
    if (task.failed_when is None and task.changed_when is None) or result.get("skipped"):
        return result
    run.effects.acts |= result.get("changed") is True
    scope, judged = _result_scope(run, extra, result), "changed"
    try:
        if task.changed_when is not None:
            result["changed"] = run.renderer.condition(task.changed_when, scope)
        judged = "failed"
        if task.failed_when is not None:
            result["failed"] = result["failed_when_result"] = run.renderer.condition(task.failed_when, scope)
    except InputError as error:
        said = error.said() if isinstance(error, TemplateError) else str(error)
        return {**result, "failed": True, "msg": result.get("msg") or said, f"{judged}_when_result": said}
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
