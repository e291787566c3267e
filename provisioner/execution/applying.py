"""Applies what came of an operation: memory, inventory, notified handlers; and tells the world by events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias, assert_never

from provisioner.diagnostics.errors import InputError, UnreadableVariables
from provisioner.execution.context import PlayContext
from provisioner.execution.expansion import HANDLERS, Expander
from provisioner.execution.figures import keep
from provisioner.execution.foresight import may_notify
from provisioner.execution.handlers import HandlerNames
from provisioner.execution.needs import Again, CheckDone, ItemDone, PluginBegins, Polled, Says, Told
from provisioner.execution.outcome import Effects, Outcome
from provisioner.execution.ports import Clock, EventSink
from provisioner.execution.recalling import check_unchanged
from provisioner.execution.task_run import TaskRun
from provisioner.graph.compile import behind_barrier
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Operation
from provisioner.model import event
from provisioner.model.options import AT_RUN
from provisioner.model.plan import UNKNOWN
from provisioner.model.status import Status
from provisioner.scheduling.host_state import would_rescue
from provisioner.scheduling.instructions import Expand
from provisioner.scheduling.run_state import RunState
from provisioner.scheduling.stimuli import Ends, Finished

Foreseen: TypeAlias = Mapping[str, tuple[str, str, bool]]
"""What a plan says of an outcome, as it is recorded: its label, why, and whether it acts; empty where none is made."""


class Applier:
    """Belongs to one play; called from the executor's thread only."""

    def __init__(self, play: PlayContext, sink: EventSink, clock: Clock) -> None:
        self.play, self.sink, self.clock = play, sink, clock
        self.expander = Expander(play)
        self._names = HandlerNames(play)
        self._waiting: dict[tuple[str, str], tuple[TaskRun, event.OperationFinished]] = {}
        self._planned: set[str] = set()
        self._fatal: set[str] = set()

    # ------------------------------------------------------------------ while it runs

    def plan(self, operations: Sequence[Operation]) -> None:
        """Tell of operations that became known."""
        for operation in operations:
            if operation.task is None or operation.id in self._planned:
                continue
            self._planned.add(operation.id)
            check_unchanged(self.play.run.recall, operation)
            task = operation.task
            self.sink.handle(
                event.OperationPlanned(
                    operation=operation.id,
                    play=operation.play,
                    name=operation.title,
                    action=task.action,
                    where=str(operation.position),
                    role=operation.role.full_name if operation.role else "",
                    is_handler=operation.section == "handlers",
                    tags=operation.keywords.tags,
                    check=self.play.run.options.checks(operation.keywords),
                    diff=self.play.run.options.compares(operation.keywords),
                )
            )

    def started(self, run: TaskRun, at: float, *, ahead: bool = False) -> None:
        """Tell that an operation begins on a host."""
        title = self._title(run)
        self.sink.handle(event.OperationStarted(run.operation.id, run.host, title, at, ahead))

    def _title(self, run: TaskRun) -> str:
        title = run.operation.title
        if "{{" not in title:
            return title
        try:
            # everything before it is done by now, whatever was pending when it was sent
            return run.renderer.text(title, run.play.operation_scope(run.operation, run.host))
        except InputError:
            return title

    def tell(self, run: TaskRun, what: Told) -> None:
        """Tell what a task has to say of itself."""
        match what:
            case ItemDone():
                self._item(run, what)
            case CheckDone():
                self._check(run, what)
            case Polled():
                self._polled(run, what)
            case Says(text):
                self.sink.handle(event.Noted("pause", text, self.clock.now(), run.host, run.operation.id))
            case PluginBegins(plugin):
                self.sink.handle(event.PluginStarted(run.operation.id, run.host, plugin, self.clock.now()))
            case _:
                assert_never(what)

    def _item(self, run: TaskRun, done: ItemDone) -> None:
        what = run.operation.id, run.host, done.label, done.status, done.result
        self.sink.handle(event.ItemFinished(*what, self.clock.now(), no_log=run.is_secret))

    def _check(self, run: TaskRun, done: CheckDone) -> None:
        self.sink.handle(
            event.CheckFinished(
                run.operation.id,
                run.host,
                check=done.check,
                passed=done.passed,
                expected=done.expected,
                actual=done.actual,
                where=done.where,
                at=self.clock.now(),
                seconds=done.seconds,
                no_log=run.is_secret,
            )
        )

    def _polled(self, run: TaskRun, need: Polled) -> None:
        started, finished = (need.result.get(name, 0) for name in ("started", "finished"))
        text = f"ASYNC {need.what} on {run.host}: jid={need.job}"
        text += f" started={started} finished={finished}" if need.what == "POLL" else ""
        self.sink.handle(event.Noted("job", text, self.clock.now(), run.host, run.operation.id))

    def retrying(self, run: TaskRun, again: Again) -> None:
        """Tell that a task is tried again."""
        numbers = again.attempt, again.attempts, again.wait_s
        self.sink.handle(event.Retrying(run.operation.id, run.host, *numbers, self.clock.now()))

    def output(self, run: TaskRun, stream: str, text: str) -> None:
        """Pass on output of something still running."""
        self.sink.handle(event.OutputReceived(run.operation.id, run.host, stream, text, no_log=run.is_secret))

    def note(self, text: str, severity: str = "warning", host: str = "", operation: str = "") -> None:
        """Tell the user something."""
        self.sink.handle(event.Noted(severity, text, self.clock.now(), host, operation))

    # ------------------------------------------------------------------ when it ends

    def finish(self, run: TaskRun, outcome: Outcome, started: float, state: RunState) -> Finished:
        """Apply the effects, tell the world, and return what the scheduler needs to know."""
        outcome, foreseen = self._foreseen(run, outcome)
        for path, checksum in self.play.run.files.fresh().items():
            self.sink.handle(event.FileRead(path, checksum, self.clock.now()))
        outcome = self._grown(outcome)
        outcome, notified = self._notified(run, outcome)
        notified = self._foreseen_handlers(run, outcome, notified, foreseen)
        hosts = self._hosts_of(run, state)
        is_rescued = outcome.status is Status.FAILED and _is_taken_up(run.operation, state)
        self._take_effect(run, outcome, hosts, state)
        groups = self.expander.remember(run, outcome.effects.includes)
        if run.operation.is_conditional_flush and outcome.status is Status.OK and state.hosts[run.host].notified:
            groups = (HANDLERS,)
        operation = run.operation
        self.play.run.count_round(operation.id, run.host)
        recorded = _recorded(outcome, notified, hosts, is_rescued=is_rescued)
        finished = self._finished(run, outcome, started, {**recorded, **foreseen})
        if groups and (outcome.is_fatal or operation.runs_once):
            self._fatal.add(operation.id)
        if groups:
            self._waiting[(operation.id, run.host)] = run, finished
        else:
            self.sink.handle(finished)
        return Finished(
            operation.id,
            run.host,
            outcome.status,
            notified=notified,
            groups=groups,
            ends=outcome.effects.ends,
            fatal=_is_fatal(operation, outcome),
            was_reached=not outcome.result.get("unreachable"),
        )

    def _foreseen(self, run: TaskRun, outcome: Outcome) -> tuple[Outcome, Foreseen]:
        """Return, where a plan is made, the outcome as it goes on with it and how sure that is."""
        if self.play.run.foresight is None:
            return outcome, {}
        outcome, label, why = self.play.run.foresight.judge(run.operation, run.host, outcome, run.scope())
        return outcome, {"foreseen": (label, why, outcome.effects.acts)}

    def _foreseen_handlers(
        self, run: TaskRun, outcome: Outcome, notified: tuple[str, ...], foreseen: Foreseen
    ) -> tuple[str, ...]:
        """Return, where a plan is made, the handlers that may run too: a task that is not run now may notify them."""
        foresight = self.play.run.foresight
        perhaps: tuple[str, ...] = ()
        if foresight is None:
            return notified
        label = str(foreseen["foreseen"][0])
        if may_notify(run.operation, outcome, label):
            with suppress(InputError):  # it is told if the task is run and does notify
                perhaps = self._names.resolve(run, tuple(str(name) for name in run.operation.keywords.notify))
        foresight.notify(run.operation, run.host, notified, is_sure=label != UNKNOWN)
        foresight.notify(run.operation, run.host, perhaps, is_sure=False)
        return tuple(dict.fromkeys((*notified, *perhaps)))

    def _finished(
        self, run: TaskRun, outcome: Outcome, started: float, effects: Mapping[str, object]
    ) -> event.OperationFinished:
        return event.OperationFinished(
            operation=run.operation.id,
            host=run.host,
            status=outcome.status,
            result=outcome.result,
            at=self.clock.now(),
            seconds=max(0.0, self.clock.now() - started),
            delegated_to=outcome.delegated_to,
            effects=effects,
            no_log=outcome.no_log,
            recalled=outcome.is_recalled,
            told_by_items=outcome.is_told_by_items,
        )

    def _notified(self, run: TaskRun, outcome: Outcome) -> tuple[Outcome, tuple[str, ...]]:
        """Return the handlers that the outcome notifies; a name that means none fails the task."""
        notified: tuple[str, ...] = ()
        try:
            notified = self._names.resolve(run, outcome.notify)
        except InputError as error:
            if self.play.run.options.mistakes == AT_RUN:
                raise  # as Ansible does: this is wrong with the playbook, whatever the host says
            outcome = _failed_instead(outcome, str(error))
        finally:
            self._tell_of_names(run)
        before = [handler.id for handler in self.play.handlers if handler.id in outcome.notified]
        return outcome, tuple(dict.fromkeys((*notified, *before, *self._owed(run))))

    def _take_effect(self, run: TaskRun, outcome: Outcome, hosts: Sequence[str], state: RunState) -> None:
        for host in hosts:
            self._learn(host, outcome.effects)
        if outcome.status is Status.FAILED and _is_taken_up(run.operation, state):
            self.play.run.memory(run.host).set(_what_failed(run, outcome.result))
        for figure in outcome.effects.figures:
            keep(self.play.run.stats, figure)
        if outcome.effects.clear_errors:
            self._forgive(run.operation, state)

    def _owed(self, run: TaskRun) -> tuple[str, ...]:
        """Return the handlers that earlier runs left owing, with the host's first task behind its pre_tasks.

        They count as notified by it, so that they run where handlers of the play run: behind its tasks.
        """
        owed = self.play.run.owed.get(run.host)
        if not owed or run.operation.section in {"pre_tasks", "handlers"} or run.task.action == "gather_facts":
            return ()
        found = [handler for handler in self.play.handlers if handler.title in owed]
        self.play.run.owed[run.host] = tuple(name for name in owed if name not in {each.title for each in found})
        for handler in found:
            self.note(f"handler '{handler.title}' is owed by an earlier run", "note", run.host)
        return tuple(handler.id for handler in found)

    def _tell_of_names(self, run: TaskRun) -> None:
        warnings, self._names.warnings = self._names.warnings, []
        for text in warnings:
            self.note(text, host=run.host, operation=run.operation.id)

    def _hosts_of(self, run: TaskRun, state: RunState) -> list[str]:
        if not run.operation.runs_once:
            return [run.host]
        out = {*self.play.run.unreachable_hosts, *(name for name, host in state.hosts.items() if host.gone)}
        return [name for name in self.play.cut if name not in out or name == run.host]

    def _learn(self, host: str, effects: Effects) -> None:
        memory = self.play.run.memory(host)
        memory.is_gathered |= effects.gathered
        if effects.clear_facts:
            memory.clear_facts()
            self.play.run.cache.forget(host)
        for name, (facts, variables) in ((host, (effects.facts, effects.variables)), *effects.elsewhere.items()):
            self._learn_of(name, facts, variables)
        if effects.included:
            memory.include(effects.included)
        if effects.registered:
            memory.set(effects.registered)

    def _learn_of(self, host: str, facts: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        memory = self.play.run.memory(host)
        if facts:
            memory.learn_facts(facts)
            self.play.run.keep_facts(host)
            if self.play.compiled.play.vars_files:
                self.play.forget_scopes(host)
        if variables:
            memory.set(variables)

    def _forgive(self, operation: Operation, state: RunState) -> None:
        """Let failed hosts take part in later plays again (``meta: clear_host_errors``); this play goes on without.

        Those that could not be reached are tried again in this play too, and those in an ``always`` go on behind it.
        """
        run = self.play.run
        state.readmit(operation)
        run.forgiven.update(name for name, host in state.hosts.items() if host.is_out)
        meant = {*state.hosts, *(self.play.out_before.intersection(self.play.all_hosts))}
        run.failed_hosts.difference_update(meant)
        run.unreachable_hosts.difference_update(meant)

    def _grown(self, outcome: Outcome) -> Outcome:
        """Return the outcome once the inventory has grown by it; failed where new variables cannot be read."""
        try:
            self._grow_inventory(outcome.effects)
        except UnreadableVariables as error:
            if self.play.run.options.mistakes == AT_RUN:
                raise  # as Ansible does: it needs the variables for whatever comes next
            return _failed_instead(outcome, str(error))
        return outcome

    def _grow_inventory(self, effects: Effects) -> None:
        inventory = self.play.run.inventory
        if effects.refresh_inventory:
            inventory.replace(self.play.run.reload_inventory())
            self.play.forget_scopes()
        for new in effects.new_hosts:
            inventory.add_host(new.name, new.groups, new.variables)
        for host, groups, parents in effects.new_groups:
            inventory.add_to_groups(host, groups, parents)
        if effects.new_hosts or effects.new_groups:
            self.play.forget_scopes()
        if why := inventory.inventory.sealed(host for host, _, _ in effects.new_groups) if effects.new_groups else ():
            raise UnreadableVariables(why[0])

    # ------------------------------------------------------------------ growth

    def expand(self, wanted: Expand, state: RunState) -> tuple[Graph | None, ...]:
        """Return the graphs of an Expand instruction; None where it cannot be loaded, which fails its hosts."""
        graphs: list[Graph | None] = []
        errors: dict[str, InputError] = {}
        operation = state.operation(wanted.operation)
        for key, hosts in wanted.groups:
            try:
                graph = self._graph(operation, key, hosts)
            except InputError as error:
                if isinstance(error, UnreadableVariables) and self.play.run.options.mistakes == AT_RUN:
                    raise  # as Ansible does: it needs the variables for whatever comes next
                graphs.append(None)
                errors.update(dict.fromkeys(hosts, error))
            else:
                is_later = any(each is not None and len(each) for each in graphs)
                graphs.append(
                    behind_barrier(graph, operation) if operation.gathers and is_later and len(graph) else graph
                )
                self.plan(list(graph.operations))
        for host in dict.fromkeys(name for _, names in wanted.groups for name in names):
            self._end_include(wanted.operation, host, errors.get(host), state)
        return tuple(graphs)

    def _graph(self, operation: Operation, key: str, hosts: Sequence[str]) -> Graph:
        """Return one graph, once the vars plugins of its roles were asked; where one fails, all are as if never met."""
        plugins = self.play.run.loading.role_vars_plugins
        before = tuple(plugins)
        graph = self.expander.graph(operation, key, hosts)
        if len(plugins) > len(before):
            try:
                self.play.run.inventory.read_again()
            except UnreadableVariables:
                for each in tuple(plugins)[len(before) :]:
                    del plugins[each]
                raise
            self.play.forget_scopes()
        return graph

    def tell_rest(self) -> None:
        """Tell of includes that were never expanded, as their host's way ended just then."""
        for _, finished in self._waiting.values():
            self.sink.handle(finished)
        self._waiting.clear()

    def is_fatal(self, operation: str) -> bool:
        """Tell whether an include of this operation that fails is to end the way of all hosts."""
        return operation in self._fatal

    def _end_include(self, operation: str, host: str, error: InputError | None, state: RunState) -> None:
        waiting = self._waiting.pop((operation, host), None)
        if waiting is None:
            return
        run, finished = waiting
        if error is not None:
            told = {"reason": error.said(), "_ansible_diagnosis": str(error)}
            result = {**finished.result, "failed": True, "changed": False, **told}
            finished = replace(finished, status=Status.FAILED, result=result)
            if _is_taken_up(run.operation, state):
                self.play.run.memory(host).set(_what_failed(run, result))
        elif run.effects.includes:
            finished = replace(finished, effects={**finished.effects, "includes": self.expander.brought(run)})
        self.sink.handle(finished)


def _is_fatal(operation: Operation, outcome: Outcome) -> bool:
    """Tell whether a failure is that of all hosts; not where ``ignore_errors`` is a template, whatever it comes to."""
    return (operation.runs_once or outcome.is_fatal) and not isinstance(operation.keywords.ignore_errors, str)


def _is_taken_up(operation: Operation, state: RunState) -> bool:
    """Tell whether a rescue answers for a failure.

    A failed handler counts as failed though the rescue of an outermost block may follow it, unless handlers are
    forced: as Ansible counts.
    """
    counts = operation.section != HANDLERS or state.rules.force_handlers
    return would_rescue(operation.branches if counts else operation.branches[1:])


def _failed_instead(outcome: Outcome, message: str) -> Outcome:
    return replace(outcome, status=Status.FAILED, result={**outcome.result, "failed": True, "msg": message})


def _what_failed(run: TaskRun, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that a rescue section sees."""
    task = run.task
    described = {"name": task.name, "action": task.action, "args": dict(task.args), "register": task.register}
    return {"ansible_failed_task": described, "ansible_failed_result": dict(result)}


def _recorded(
    outcome: Outcome, notified: tuple[str, ...], hosts: Sequence[str], *, is_rescued: bool
) -> Mapping[str, Any]:
    """Return the effects as the journal keeps them: enough to restore them in a replay."""
    effects = outcome.effects
    everything: dict[str, Any] = {
        "notified": list(notified),
        "facts": effects.facts,
        "variables": effects.variables,
        "registered": list(effects.registered),
        "included": effects.included,
        "figures": [[each.host, each.name, each.value, each.adds] for each in effects.figures],
        "elsewhere": {host: {"facts": f, "variables": v} for host, (f, v) in effects.elsewhere.items()},
        "new_hosts": [[h.name, list(h.groups), dict(h.variables)] for h in effects.new_hosts],
        "groups": [[host, list(groups), list(parents)] for host, groups, parents in effects.new_groups],
        "includes": [include.name for include in effects.includes],
        "ends": effects.ends.value if isinstance(effects.ends, Ends) else None,
        "rescued": is_rescued,
        "fatal": is_rescued and outcome.is_fatal,
        "hosts": list(hosts) if len(hosts) > 1 else [],
    }
    return {name: value for name, value in everything.items() if value}
