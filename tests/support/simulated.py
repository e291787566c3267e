"""An executor without a world: performs instructions of a RunState by script, and keeps what happened in order."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from provisioner.graph.compile import CompiledPlay, compile_flush
from provisioner.graph.graph import Graph
from provisioner.model.status import Status
from provisioner.scheduling.instructions import BatchOver, Dispatch, Expand, Instruction
from provisioner.scheduling.rules import Rules
from provisioner.scheduling.run_state import RunState
from provisioner.scheduling.stimuli import Deferred, Dropped, Expanded, Finished, Sent

Verdict = Callable[[str, str], Status]


@dataclass
class Simulation:
    """Runs one batch. ``verdict(task name, host)`` says how an operation ends; ``rng`` picks who ends next."""

    compiled: CompiledPlay
    hosts: Sequence[str]
    verdict: Verdict = lambda _name, _host: Status.OK
    rules: Rules = Rules()  # noqa: RUF009 - frozen
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    fragments: dict[str, Graph] = field(default_factory=dict)
    defers: bool = False

    def __post_init__(self) -> None:
        self.state = RunState(self.compiled.graph, self.hosts, self.rules)
        self.log: list[tuple[str, str, str]] = []
        self.lines: dict[str, list[tuple[str, bool]]] = {h: [] for h in self.hosts}
        self.over = 0
        self.most_hosts = 0

    def name(self, operation: str) -> str:
        found = self.state.operation(operation)
        return found.task.title if found.task else operation

    def run(self) -> Simulation:
        self._perform(self.state.start())
        while any(self.lines.values()):
            host = self.rng.choice([h for h, line in self.lines.items() if line])
            self._finish_first(host)
        return self

    def _finish_first(self, host: str) -> None:
        operation, _ahead = self.lines[host][0]
        if self.rng.random() < 0.5 and not self.state.operation(operation).is_include:
            self._perform(self.state.handle(Sent(operation, host)))
        self.lines[host].pop(0)
        name = self.name(operation)
        status = self.verdict(name, host)
        self.log.append(("end", name, host))
        found = self.state.operation(operation)
        notified = tuple(h.id for h in self.compiled.handlers if h.title in found.keywords.notify)
        groups = (name,) if name in self.fragments and not status.is_bad else ()
        changed = status is Status.CHANGED
        behind = list(self.lines[host]) if status.is_bad else []
        self.lines[host] = [] if status.is_bad else self.lines[host]
        told = Finished(operation, host, status, notified=notified if changed else (), groups=groups)
        self._perform(self.state.handle(told))
        for each, _ in behind:
            self.log.append(("dropped", self.name(each), host))
            self._perform(self.state.handle(Dropped(each, host)))

    def _perform(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Dispatch(operation, host, ahead):
                    if ahead and self.defers and self.rng.random() < 0.3:
                        self._perform(self.state.handle(Deferred(operation, host)))
                        continue
                    self.log.append(("ahead" if ahead else "start", self.name(operation), host))
                    self.lines[host].append((operation, ahead))
                    self.most_hosts = max(self.most_hosts, sum(1 for line in self.lines.values() if line))
                case Expand(ticket, operation, groups):
                    self._perform(self.state.handle(Expanded(ticket, self._graphs(operation, groups))))
                case BatchOver():
                    self.over += 1

    def _graphs(self, operation: str, groups: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Graph | None, ...]:
        strategy = self.compiled.play.strategy
        return tuple(
            compile_flush(f"{operation}/{self.rng.random()}", self.compiled.handlers, strategy)
            if key == "handlers"
            else self.fragments[key]
            for key, _ in groups
        )

    def runs(self, host: str | None = None) -> list[str]:
        """Names of what ran to its end, in order, on ``host`` or on all."""
        return [name for kind, name, where in self.log if kind == "end" and host in (None, where)]
