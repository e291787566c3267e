"""The loop of a batch: performs the scheduler's instructions and tells it what came of them.

One thread decides and renders; connections have their own threads and put their answers into one inbox. Each host has
a line of attempts in the order in which they were sent. An attempt is carried on only when it is first in its line, so
results take effect in order even where requests were sent ahead.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeAlias, assert_never

from provisioner.diagnostics.errors import TargetError
from provisioner.execution.applying import Applier
from provisioner.execution.attempt import abandoned, attempt, interrupted, out_of_time
from provisioner.execution.connecting import Route
from provisioner.execution.context import PlayContext
from provisioner.execution.judge import DroppedUnrun
from provisioner.execution.needs import (
    Again,
    Call,
    CheckDone,
    Done,
    ItemDone,
    Local,
    Need,
    Pause,
    PluginBegins,
    Polled,
    Question,
    RawCall,
    ResetConnection,
    Says,
    Sleep,
    Together,
)
from provisioner.execution.outcome import Effects, Outcome
from provisioner.execution.pending import writes
from provisioner.execution.ports import Clock, Prompt, Sessions
from provisioner.execution.recalling import recalled
from provisioner.execution.running import Running, session_of, under_way, was_run, works_here
from provisioner.execution.task_run import TaskRun
from provisioner.graph.operation import Operation
from provisioner.model.call import Reply
from provisioner.model.keywords import UNSET
from provisioner.model.status import Status
from provisioner.records import dataclass
from provisioner.scheduling.instructions import BatchOver, Dispatch, Expand, Instruction
from provisioner.scheduling.rules import Rules
from provisioner.scheduling.run_state import RunState
from provisioner.scheduling.stimuli import Decided, Deferred, Dropped, Expanded, Sent, Stimulus, Stop
from provisioner.variables.scope import NotYet

Message: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ports the executor works with."""

    sessions: Sessions
    clock: Clock
    prompt: Prompt
    threads: ThreadPoolExecutor
    idle: Callable[[], None]
    """Called while nothing happens: the journal brings what it holds to the disk then."""


AHEAD = 128
"""How many operations of one host are under way at most; what each may set has to be looked at by all behind it."""
QUIET_S = 0.05
"""How long to wait for a message before the quiet is used."""


class Executor:
    """Runs one batch of one play."""

    def __init__(
        self, play: PlayContext, hosts: list[str], rules: Rules, around: Surroundings, applier: Applier
    ) -> None:
        self.play, self.around, self.applier = play, around, applier
        self.state = RunState(play.compiled.graph, hosts, rules)
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._lines: dict[str, deque[Running]] = {h: deque() for h in hosts}
        self._epochs = dict.fromkeys(hosts, 0)
        self._parked: dict[str, list[Dispatch]] = {h: [] for h in hosts}
        self._timers: list[tuple[float, int, Message]] = []
        self._numbers = itertools.count()
        self._told: deque[Stimulus] = deque()
        self._over = self._is_stopping = False
        play.live = lambda: [h for h, s in self.state.hosts.items() if s.is_live and not s.shares_failure]

    def run(self) -> RunState:
        """Run the batch to its end and return the final state."""
        try:
            self._perform(self.state.start())
            self._pump()
            while not self._over:
                self._wait()
                self._pump()
        except KeyboardInterrupt:
            self._give_up()
            raise
        return self.state

    def stop(self) -> None:
        """Start nothing more; may be called from any thread."""
        self._inbox.put(self._stop)

    def abandon(self) -> None:
        """End at once, between two steps of the loop; may be called from any thread."""
        self._inbox.put(_interrupt)

    @property
    def is_paused(self) -> bool:
        """Tell whether a pause is under way; may be asked in a signal handler."""
        return any(line and isinstance(line[0].need, Pause) for line in self._lines.values())

    def interject(self, otherwise: Message) -> None:
        """Ask whether the pause under way goes on; ``otherwise`` is done where there is none any more."""
        self._inbox.put(lambda: self._interject(otherwise))

    def _interject(self, otherwise: Message) -> None:
        paused = [line[0] for line in self._lines.values() if line and isinstance(line[0].need, Pause)]
        if not paused:
            otherwise()
            return
        needs = [running.need for running in paused]
        answer = None if self.around.prompt.goes_on() else False
        for running, need in zip(paused, needs, strict=True):
            self._wake(running, need, answer)

    def _stop(self) -> None:
        """Let what runs finish; what was sent ahead and has not begun is taken back from the workers."""
        self._tell(Stop())
        self._is_stopping = True
        for line in list(self._lines.values()):
            if line and isinstance(line[0].need, (Sleep, Again)):
                self._interrupt(line[0])
                self._finish_line(line[0].run.host)
        for line in self._lines.values():
            session = session_of(line[0].need) if len(line) > 1 else None
            if session is not None:
                first = line[0].run
                self.around.sessions.session(*session).break_chain(first.chain, first.operation.id)

    def _interrupt(self, running: Running) -> None:
        """End an attempt that does nothing just now: it waits, or the next item of its loop has not begun."""
        running.steps.close()
        running.need, running.outcome = None, interrupted(running.run)

    def _give_up(self) -> None:
        """Record what is under way and will not be heard of any more."""
        for line in self._lines.values():
            for running in [each for each in line if each.is_announced]:
                running.steps.close()
                works = isinstance(running.need, (Call, Together, RawCall, Local))
                outcome = running.outcome or (abandoned(running.run) if works else interrupted(running.run))
                self.applier.finish(running.run, outcome, running.started, self.state)

    # ------------------------------------------------------------------ the loop

    def _wait(self) -> None:
        timeout = QUIET_S
        if self._timers:
            timeout = min(QUIET_S, max(0.0, self._timers[0][0] - self.around.clock.monotonic()))
        try:
            message = self._inbox.get(timeout=timeout) if timeout > 0 else None
        except queue.Empty:
            self.around.idle()
        else:
            if message is not None:
                message()
        while self._timers and self._timers[0][0] <= self.around.clock.monotonic():
            heapq.heappop(self._timers)[2]()

    def _tell(self, stimulus: Stimulus) -> None:
        """Queue a stimulus; it is handled when the present one is done, so that depth never grows with length."""
        self._told.append(stimulus)

    def _pump(self) -> None:
        while self._told:
            self._perform(self.state.handle(self._told.popleft()))

    def _perform(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Dispatch():
                    self._dispatch(instruction)
                case Expand():
                    graphs = self.applier.expand(instruction, self.state)
                    fatal = self.applier.is_fatal(instruction.operation)
                    self._tell(Expanded(instruction.ticket, graphs, fatal))
                case BatchOver():
                    self.applier.tell_rest()
                    self._over = True

    def _dispatch(self, told: Dispatch) -> None:
        operation = self.state.operation(told.operation)
        line = self._lines[told.host]
        if line and (line[0].is_cancelled or (told.ahead and (len(line) >= AHEAD or works_here(line)))):
            self._put_off(told)
            return
        if operation.asks_first:
            operation = self._ask_first(operation, told.host)
        pending = tuple(layer for r in line for layer in r.writes)
        run = TaskRun(self.play, operation, told.host, self._chain(told.host), pending)
        running = Running(run, attempt(run), self.around.clock.now(), told.ahead, writes=tuple(writes(run)))
        running.outcome = recalled(self.play.run.recall, operation, told.host)
        self.play.pending = {told.host: pending}
        try:
            if running.outcome is not None:
                running.steps.close()
            elif self._is_wanted(run):
                self._advance(running, None)
            else:
                running.outcome = Outcome(Status.SKIPPED, {"changed": False, "skipped": True}, Effects())
        except NotYet:
            self._put_off(told)
            return
        finally:
            self.play.pending = {}
        if not self._may_queue(running, line):
            running.steps.close()
            self._put_off(told)
            return
        line.append(running)
        self._announce(line[0])
        self._carry_out(running)
        self._finish_line(told.host)

    def _ask_first(self, operation: Operation, host: str) -> Operation:
        """Have the first host of an operation say how it is run, and tell the scheduler before anything comes of it."""
        decided = self.play.decided(operation, host)
        throttle = decided.keywords.throttle
        self._tell(Decided(decided.id, host, decided.runs_once, throttle if isinstance(throttle, int) else 0))
        return decided

    def _put_off(self, told: Dispatch) -> None:
        """Let what was cancelled come back first; what is offered ahead of its turn is offered again then."""
        if told.ahead:
            self._tell(Deferred(told.operation, told.host))
        else:
            self._parked[told.host].append(told)

    def _chain(self, host: str) -> str:
        return f"{self.play.compiled.id}:{host}:{self._epochs[host]}"

    def _is_wanted(self, run: TaskRun) -> bool:
        return not self.play.run.options.step or self.around.prompt.confirm_step(run.operation.title, run.host)

    def _limit(self, running: Running) -> None:
        """Start the clock of a task that has a time limit (``timeout``)."""
        seconds = running.run.limit_s
        if seconds <= 0 or running.outcome is not None:
            return
        at = self.around.clock.monotonic() + seconds
        heapq.heappush(self._timers, (at, next(self._numbers), lambda: self._out_of_time(running, seconds)))

    def _out_of_time(self, running: Running, seconds: float) -> None:
        """End a task that took too long; its connection is given up, as nothing else stops what runs there."""
        host = running.run.host
        if running.outcome is not None or running not in self._lines[host]:
            return
        session = session_of(running.need)
        running.steps.close()
        running.need, running.outcome = None, out_of_time(running.run, seconds)
        self._cancel_behind(running)
        if session is not None:
            self.around.sessions.reset(session[0].host)
        self._finish_line(host)

    def _may_queue(self, running: Running, line: deque[Running]) -> bool:
        """Tell whether an attempt may stand behind what is under way: same session, nothing but calls."""
        if running.outcome is not None:
            # what fails ahead of its turn may only have looked too early
            return not running.ahead or not running.outcome.status.is_bad
        session = under_way(line)
        return not line or (session is not None and session_of(running.need) == session)

    def _announce(self, first: Running) -> None:
        """Tell that an attempt begins: for one sent ahead that is when everything before it is done."""
        if not first.is_announced and not first.is_cancelled:
            first.is_announced = True
            first.started = self.around.clock.now()
            self._limit(first)
            self.applier.started(first.run, first.started, ahead=first.ahead)

    # ------------------------------------------------------------------ an attempt's steps

    def _advance(self, running: Running, answer: Any) -> None:
        """Carry the attempt on to its next need or its end, without carrying that need out."""
        try:
            running.need = running.steps.send(answer)
        except StopIteration as stop:
            running.need, running.outcome = None, stop.value
        except (NotYet, DroppedUnrun):
            raise
        except Exception as error:  # noqa: BLE001 - the executor's border: a defect in one task must not end the run
            running.need, running.outcome = None, _defect(error)

    def _carry_out(self, running: Running) -> None:
        """Carry out needs until one has to be waited for, or the attempt ends."""
        was_item = False
        while running.need is not None:
            is_wait = isinstance(running.need, (Sleep, Again)) or (was_item and not isinstance(running.need, ItemDone))
            if self._is_stopping and is_wait:
                self._interrupt(running)
                break
            if not self._is_immediate(running, running.need):
                break
            was_item = isinstance(running.need, ItemDone)
            self._advance(running, running.answer)
        is_first = running is self._lines[running.run.host][0]
        if running.outcome is not None and not is_first and running.outcome.may_be_passed:
            self._tell(Sent(*running.key))

    def _is_immediate(self, running: Running, need: Need) -> bool:
        """Carry out one need; return whether its answer is there already."""
        running.answer = None
        match need:
            case ItemDone() | CheckDone() | Polled() | PluginBegins() | Says():
                self.applier.tell(running.run, need)
                return True
            case Question():
                running.answer = self.around.prompt.pause(need.prompt, echo=need.echo)
                return True
            case ResetConnection(host, user):
                self.around.sessions.reset(host, user)
                return True
            case Call() | Together():
                self._call(running, need)
            case RawCall():
                self._raw(running, need)
            case Local():
                self._reach(need.before)
                self.around.threads.submit(self._work, running, need)
            case Sleep(seconds):
                self._sleep(running, need, seconds)
            case Again(wait_s=wait_s):
                self.applier.retrying(running.run, need)
                self._sleep(running, need, wait_s)
            case _:
                assert_never(need)
        return False

    def _reach(self, route: Route | None) -> None:
        """Begin to connect; what is wrong with the way is told where something is asked of its end."""
        if route is not None:
            with suppress(TargetError):
                self.around.sessions.session(route.target, route.become)

    def _call(self, running: Running, need: Call | Together) -> None:
        calls = need.calls if isinstance(need, Together) else (need,)
        running.replies = [None] * len(calls)
        running.is_answered = False
        for number, call in enumerate(calls):
            session = self.around.sessions.session(call.target, call.become)
            session.submit(call.request, self._taker(running, number), self._output(running))
        if need.last and self._passes_through(running):
            self._tell(Sent(*running.key))

    def _passes_through(self, running: Running) -> bool:
        """Tell whether what follows may be sent behind it."""
        operation = running.run.operation
        is_about_others = operation.keywords.delegate_facts not in (UNSET, None, False)
        return running.run.is_judged_there and not operation.is_include and not is_about_others

    def _taker(self, running: Running, number: int) -> Callable[[Reply], None]:
        return lambda reply: self._inbox.put(lambda: self._replied(running, number, reply))

    def _output(self, running: Running) -> Callable[[str, str], None]:
        return lambda stream, text: self._inbox.put(lambda: self.applier.output(running.run, stream, text))

    def _raw(self, running: Running, need: RawCall) -> None:
        running.replies = [None]
        self.around.sessions.raw(need.target, need.become, need.command, self._taker(running, 0))

    def _replied(self, running: Running, number: int, reply: Reply) -> None:
        running.replies[number] = reply
        running.run.interpreter = reply.interpreter or running.run.interpreter
        running.run.folder = reply.folder or running.run.folder
        if all(r is not None for r in running.replies):
            self._answered(running, running.replies if isinstance(running.need, Together) else reply)

    def _work(self, running: Running, need: Local) -> None:
        try:
            done = Done(need.work())
        except Exception as error:  # noqa: BLE001 - handed to the attempt, which raises it again
            done = Done(error=error)
        self._inbox.put(lambda: self._answered(running, done))

    def _sleep(self, running: Running, need: Sleep | Again, seconds: float) -> None:
        at = self.around.clock.monotonic() + seconds
        heapq.heappush(self._timers, (at, next(self._numbers), lambda: self._wake(running, need, None)))

    def _wake(self, running: Running, need: Need | None, answer: object) -> None:
        """Answer what waits, unless it does not any more."""
        if need is not None and running.need is need:
            self._answered(running, answer)

    def _answered(self, running: Running, answer: Any) -> None:
        running.answer, running.is_answered = answer, True
        self._finish_line(running.run.host)

    # ------------------------------------------------------------------ a host's line

    def _finish_line(self, host: str) -> None:
        """Carry on whoever is first in the host's line, as far as answers are there."""
        line = self._lines[host]
        while line:
            first = line[0]
            self._announce(first)
            if first.outcome is None:
                if not first.is_answered:
                    return
                first.is_answered, first.run.pending = False, ()
                self._carry_on(first)
            else:
                line.popleft()
                self._complete(first, first.outcome)
        parked, self._parked[host] = self._parked[host], []
        for told in parked:
            self._dispatch(told)

    def _carry_on(self, first: Running) -> None:
        try:
            if first.is_cancelled and not was_run(first):
                raise DroppedUnrun
            first.is_cancelled = False
            self._announce(first)
            self._advance(first, first.answer)
        except DroppedUnrun:
            first.steps.close()
            self._drop(first)
            return
        self._carry_out(first)

    def _drop(self, running: Running) -> None:
        """Give an attempt back that was not run; what is sent from now on belongs to a new chain."""
        host = running.run.host
        self._lines[host].remove(running)
        if running.run.chain == self._chain(host):
            self._epochs[host] += 1
        self._tell(Dropped(*running.key))

    def _complete(self, running: Running, outcome: Outcome) -> None:
        if outcome.is_recalled and self.play.run.recall is not None:
            self.play.run.recall.use(*running.key)
        told = self.applier.finish(running.run, outcome, running.started, self.state)
        self._tell(told)
        if told.status.is_bad:
            self._cancel_behind(running)

    def _cancel_behind(self, running: Running) -> None:
        """Give back what was sent behind an attempt that failed or was given up."""
        host = running.run.host
        if running.run.chain == self._chain(host):
            self._epochs[host] += 1
        for behind in [r for r in self._lines[host] if r is not running]:
            behind.is_cancelled = True
            behind.is_behind_lost = running.outcome is not None and running.outcome.status is Status.LOST
            if behind.outcome is not None:
                self._drop(behind)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _defect(error: Exception) -> Outcome:
    """Return the outcome of an attempt that broke down: a failure that shows where in our own code."""
    message = f"defect in provisioner: {type(error).__name__}: {error}"
    result = {"failed": True, "changed": False, "msg": message, "exception": traceback.format_exc()}
    return Outcome(Status.FAILED, result, Effects())
