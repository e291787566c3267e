"""The course of a run: play after play, batch after batch. Who takes part, with which variables, and when to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.execution.applying import Applier
from provisioner.execution.context import PlayContext, RunContext
from provisioner.execution.executor import Executor, Surroundings
from provisioner.execution.gate import refusal
from provisioner.execution.limits import TimeLimits
from provisioner.execution.play_settings import play_scope, settled
from provisioner.execution.ports import EventSink
from provisioner.execution.vars_files import vars_file_layers
from provisioner.graph.compile import CompiledPlay
from provisioner.graph.passes.once import EACH_FOR_ITSELF
from provisioner.loading.patterns import select
from provisioner.model import event
from provisioner.model.keywords import UNSET
from provisioner.model.play import Play, Prompt
from provisioner.remote.params import boolean
from provisioner.scheduling.batches import batches, ordered
from provisioner.scheduling.rules import Rules
from provisioner.scheduling.run_state import RunState
from provisioner.templating.omit import is_omit
from provisioner.variables.scope import Layer, Level, Scope


class After(Enum):
    """Where a run goes on after a batch."""

    NEXT_BATCH = "next batch"
    NEXT_PLAY = "next play"
    END = "end"


class Course:
    """Runs compiled plays in order. ``stopping`` is set from outside to end after what runs now.

    ``held`` is why a play was not begun and the run ended there: its window is shut.
    """

    def __init__(self, run: RunContext, around: Surroundings, sink: EventSink) -> None:
        self.run, self.around, self.sink = run, around, sink
        self.stopping = False
        self.held = ""
        self.limits = TimeLimits(self.press)
        self._executor: Executor | None = None

    def stop(self) -> None:
        """Let what runs finish, then end; may be called from any thread or a signal handler."""
        self.stopping = True
        if self._executor is not None:
            self._executor.stop()

    def abandon(self) -> bool:
        """End at once; return whether somebody is there who will. May be called from a signal handler."""
        executor = self._executor
        if executor is not None:
            executor.abandon()
        return executor is not None

    def interject(self) -> bool:
        """Ask whether to go on, where a pause is under way; return whether one is. For a signal handler."""
        executor = self._executor
        if executor is None or self.stopping or not executor.is_paused:
            return False
        executor.interject(self.stop)
        return True

    def press(self) -> None:
        """Do what Ctrl-C does: let what runs finish, and the second time end at once."""
        if self.stopping:
            self.abandon()
        else:
            self.stop()

    def play(self, compiled: CompiledPlay) -> bool:
        """Run one play, as long as it may take; return whether the run may go on."""
        with self.limits.within(compiled.play.max_time_s, f"play '{compiled.play.name}'"):
            return self._play(compiled)

    def _play(self, compiled: CompiledPlay) -> bool:
        layers = self._play_layers(compiled.id, compiled.play)
        compiled = settled(compiled, self.run, layers)
        hosts = self._hosts(compiled.play, layers)
        if sealed := self.run.inventory.inventory.sealed(hosts):
            raise InputError(sealed)
        cut = self._batches(compiled.play, hosts, layers)
        if not cut:
            self._pass_by(compiled, (0, 1), is_unmatched=True)
            return True
        if self._left(hosts) and not self._may_begin(compiled, hosts):
            return False
        context = PlayContext(self.run, compiled, layers, hosts)
        context.host_layers = lambda _host, scope: vars_file_layers(compiled.play, self.run, scope)
        applier = Applier(context, self.sink, self.around.clock)
        for number, batch in enumerate(cut):
            after = self._batch(context, applier, list(batch), (number, len(cut)))
            if after is not After.NEXT_BATCH:
                return after is After.NEXT_PLAY
        return True

    def _may_begin(self, compiled: CompiledPlay, hosts: Sequence[str]) -> bool:
        """Tell whether the play may start now; where its window is shut only with a reason, which is noted."""
        why = refusal(compiled, hosts, self.run, self.around.clock.now())
        if not why:
            return True
        reason = self.run.options.ignore_window
        if reason:
            self._note("warning", f"{why}; started all the same: {reason}")
            return True
        self.held = why
        self._note("error", f"{why}. To start it all the same: --ignore-window REASON")
        return False

    # ------------------------------------------------------------------ one batch

    def _batch(self, context: PlayContext, applier: Applier, batch: list[str], place: tuple[int, int]) -> After:
        compiled, play = context.compiled, context.compiled.play
        alive = self._left(batch)
        if self.stopping:
            return After.END
        if not alive:
            self._pass_by(compiled, place)
            return After.NEXT_BATCH
        self.run.set_aside.clear()
        context.batch, context.cut = alive, batch
        now, graph = self.around.clock.now, compiled.graph
        number, count = place
        name, size = self._name(context), sum(1 for _ in graph.tasks)
        started = event.PlayStarted(
            compiled.id,
            name,
            tuple(alive),
            now(),
            number,
            count,
            play.strategy,
            size,
            check=self.run.options.checks(play.keywords),
        )
        self.sink.handle(started)
        applier.plan([*graph.tasks, *context.handlers])
        self._tell_of_idle(compiled)
        rules = replace(self._rules(play, context), batch_size=len(batch))
        state = self._run(Executor(context, alive, rules, self.around, applier))
        self._owe(context, state)
        after, is_halted = self._sum_up(state)
        self.sink.handle(event.PlayFinished(compiled.id, number, now(), is_halted))
        return after

    def _left(self, hosts: Sequence[str]) -> list[str]:
        """Return those of some hosts that have not failed."""
        return [h for h in hosts if h not in self.run.failed_hosts and h not in self.run.unreachable_hosts]

    def _pass_by(self, compiled: CompiledPlay, place: tuple[int, int], *, is_unmatched: bool = False) -> None:
        """Tell of a batch without a host that is left to run it."""
        if not is_unmatched:
            self.run.set_aside.clear()
        now, play = self.around.clock.now(), compiled.play
        is_checked = self.run.options.checks(play.keywords)
        started = event.PlayStarted(
            compiled.id, play.name, (), now, *place, play.strategy, is_unmatched=is_unmatched, check=is_checked
        )
        self.sink.handle(started)
        self.sink.handle(event.PlayFinished(compiled.id, place[0], now))

    def _tell_of_idle(self, compiled: CompiledPlay) -> None:
        """Warn of keywords that cannot hold: no host waits for another under that strategy."""
        strategy = compiled.play.strategy
        if strategy not in EACH_FOR_ITSELF:
            return
        if any(o.keywords.run_once not in (UNSET, False, None) for o in compiled.graph.tasks):
            self._note("warning", f"run_once has no effect under the strategy {strategy}: every host runs the task")
        if any(o.keywords.any_errors_fatal not in (UNSET, False, None) for o in compiled.graph.tasks):
            text = "every host goes on without those that failed"
            self._note("warning", f"any_errors_fatal has no effect under the strategy {strategy}: {text}")

    def _name(self, context: PlayContext) -> str:
        """Return the play's name; a template in it sees what the first host sees."""
        name = context.compiled.play.name
        try:
            return self.run.renderer.text(name, context.scope(context.batch[0])) if "{{" in name else name
        except InputError:
            return name

    def _run(self, executor: Executor) -> RunState:
        self._executor = executor
        if self.stopping:
            executor.stop()  # the signal came just before there was an executor to tell
        try:
            return executor.run()
        finally:
            self._executor = None

    def _sum_up(self, state: RunState) -> tuple[After, bool]:
        """Return what follows the batch, and whether more hosts failed than are allowed to."""
        forgiven = set(self.run.forgiven)
        self.run.forgiven.clear()
        failed = [n for n, h in state.hosts.items() if h.is_out and n not in forgiven]
        gone = [n for n, h in state.hosts.items() if h.gone and n not in forgiven]
        self.run.failed_hosts.update(failed)
        self._set_aside([n for n in failed if not (state.hosts[n].doomed or state.hosts[n].gone)])
        self.run.unreachable_hosts.update(gone)
        is_halted = state.rules.too_many(len(failed), len(state.hosts))
        if self.stopping or len({*failed, *gone}) == state.rules.batch_size:
            return After.END, is_halted
        if is_halted or (self.run.options.all_or_nothing and (failed or gone)):
            return After.END, is_halted
        return (After.NEXT_PLAY if state.ended_play else After.NEXT_BATCH), is_halted

    def _set_aside(self, hosts: list[str]) -> None:
        """Note which hosts take no further part though they ended well themselves, and say why."""
        self.run.set_aside.update(hosts)
        if hosts:
            why = "after a failure that counts for all hosts or a failed include"
            self._note("warning", f"{', '.join(hosts)}: no part in later plays, {why}")

    def _owe(self, context: PlayContext, state: RunState) -> None:
        """Tell of handlers that were notified and did not get their turn."""
        names = {h.id: h.title for h in context.handlers}
        for host in state.hosts.values():
            why = "host unreachable" if host.gone else "host failed" if host.doomed else "run stopped"
            for handler in host.notified:
                now = self.around.clock.now()
                self.sink.handle(event.HandlerOwed(names.get(handler, handler), host.name, why, now))

    # ------------------------------------------------------------------ who and with what

    def _rules(self, play: Play, context: PlayContext) -> Rules:
        options = self.run.options
        forced = options.force_handlers if play.force_handlers in (UNSET, None) else boolean(play.force_handlers)
        is_each_for_itself = play.strategy in EACH_FOR_ITSELF
        limit = None if is_each_for_itself else play.max_fail_percentage
        return Rules(
            slots=options.forks,
            pinned=play.strategy == "host_pinned",
            max_fail_percentage=None
            if limit is None
            else float(str(self._render(limit, context.scope(context.batch[0])))),
            each_for_itself=is_each_for_itself,
            force_handlers=forced,
            send_ahead=not options.step,
            informed=self._informed(context.batch) if options.policy.gathering == "smart" else frozenset(),
        )

    def _informed(self, hosts: Sequence[str]) -> frozenset[str]:
        """Return the hosts whose facts were gathered before, in this run or an earlier one."""
        return frozenset(host for host in hosts if self.run.memory(host).is_gathered)

    def _render(self, value: Any, scope: Scope) -> Any:
        return self.run.renderer.render(value, scope)

    def _play_layers(self, place: str, play: Play) -> tuple[Layer, ...]:
        found = [Layer(Level.PLAY_VARS, f"vars of play '{play.name}'", play.vars)] if play.vars else []
        prompted: dict[str, object] = {}
        for prompt in play.vars_prompt:
            if prompt.name not in self.run.options.extra_vars:
                answer = self._answer(place, prompt)
                prompted[prompt.name] = self._as_asked(prompt, answer or prompt.default)
        if prompted:
            found.append(Layer(Level.VARS_PROMPT, "vars_prompt", prompted, rendered=True))
        return tuple(found)

    def _answer(self, place: str, prompt: Prompt) -> str:
        """Return what was answered, in the run that is resumed or now."""
        now, recall = self.around.clock.now, self.run.recall
        answer = recall.answers.get((place, prompt.name)) if recall else None
        if answer is None:
            self.sink.handle(event.Prompted(prompt.name, prompt.prompt or prompt.name, now()))
            answer = self._ask(prompt.prompt or prompt.name, echo=not prompt.private, confirm=prompt.confirm)
        if prompt.private and answer:
            self.run.learn_secret(answer)
        self.sink.handle(event.Answered(place, prompt.name, answer, now(), prompt.private))
        return answer

    def _as_asked(self, prompt: Prompt, answer: object) -> object:
        """Return the answer, hashed where the prompt says ``encrypt``."""
        if not prompt.encrypt or answer is None:
            return answer
        given = {"answer": str(answer), "scheme": prompt.encrypt.removesuffix("_crypt"), "salt": prompt.salt}
        size = f", salt_size={prompt.salt_size}" if prompt.salt_size else ""
        options = "scheme, salt" if prompt.salt else f"scheme{size}"
        scope = Scope((Layer(Level.MAGIC, "vars_prompt", given, rendered=True),))
        return self.run.renderer.evaluate(f"answer | password_hash({options})", scope)

    def _ask(self, text: str, *, echo: bool, confirm: bool) -> str:
        while True:
            answer = self.around.prompt.ask(f"{text}: ", echo=echo, timeout_s=0)
            if not confirm or answer == self.around.prompt.ask(f"confirm {text}: ", echo=echo, timeout_s=0):
                return answer
            self._note("warning", "the two entries differ")

    def _hosts(self, play: Play, layers: Sequence[Layer]) -> tuple[str, ...]:
        """Return the play's hosts in the inventory's order, limited as asked; InputError for a bad ``hosts``."""
        pattern = self._render(play.hosts, play_scope(self.run, layers))
        patterns = [str(p) for p in pattern] if isinstance(pattern, list) else str(pattern)
        findings = Findings()
        inventory, limit = self.run.inventory.inventory, self.run.options.limit
        mismatch = self.run.loading.inventory.mismatch
        within = select(inventory, limit, findings, mismatch=mismatch) if limit else None
        found = select(inventory, patterns, findings, within=within, mismatch=mismatch)
        if findings.errors:
            raise InputError(findings.errors)
        for warning in findings.all:
            self._note(warning.severity.value, warning.summary)
        return found

    def _batches(self, play: Play, hosts: tuple[str, ...], layers: Sequence[Layer]) -> tuple[tuple[str, ...], ...]:
        try:
            in_order = ordered(hosts, play.order)
        except ValueError as error:
            raise InputError.at(play.position, str(error)) from None
        written = self._render(list(play.serial), play_scope(self.run, layers))
        try:
            return batches(in_order, [each for each in _listed(written) if not is_omit(each)])
        except ValueError:
            raise InputError.at(play.position, f"serial: {written} is neither number nor percentage") from None

    def _note(self, severity: str, text: str) -> None:
        self.sink.handle(event.Noted(severity, text, self.around.clock.now()))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
