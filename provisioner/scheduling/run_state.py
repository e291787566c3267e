"""Decides what runs next in one batch of a play. Pure: no I/O, no clock, no threads.

Stimuli go in, instructions come out. A node of the graph is an operation; an instance is an operation on a host and
goes WAITING -> (HELD) -> RUNNING -> (SENT) -> SETTLED, each reaching SETTLED exactly once. Sending ahead: while the
last calls of an operation are on their way (SENT), operations behind it may be offered to the executor before their
turn; if something before them fails they come back as Dropped and are decided anew.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections import deque
from collections.abc import Sequence
from typing import assert_never

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Kind, Operation
from provisioner.graph.passes.joins import join_id
from provisioner.model.keywords import UNSET
from provisioner.model.status import Status
from provisioner.scheduling.host_state import LEFT_BEHIND, HostState, Phase
from provisioner.scheduling.instructions import BatchOver, Dispatch, Expand, Instruction
from provisioner.scheduling.plan import Node, Plan, locks
from provisioner.scheduling.pools import Locks, Slots
from provisioner.scheduling.rules import Rules
from provisioner.scheduling.stimuli import Decided, Deferred, Dropped, Ends, Expanded, Finished, Sent, Stimulus, Stop


class RunState:
    """The states of every (operation, host) of one batch."""

    def __init__(self, graph: Graph, hosts: Sequence[str], rules: Rules) -> None:
        self.rules = rules
        self.plan = Plan(graph, tuple(hosts))
        self._index = {n.operation.id: n.index for n in self.plan.nodes}
        for node in self.plan.nodes if rules.informed else ():
            if node.operation.section == "facts":
                node.hosts = frozenset(hosts) - rules.informed
        size = len(self.plan.nodes)
        self.hosts = {h: HostState(h, array("H", self.plan.template), size) for h in hosts}
        self._slots = Slots(rules.slots)
        self._locks = Locks()
        self._for_slot: deque[tuple[HostState, Node]] = deque()
        self._for_lock: list[tuple[HostState, Node]] = []
        self._ready: deque[tuple[HostState, Node]] = deque()
        self._outstanding = size * len(self.hosts)
        self._tickets: dict[int, tuple[Node, tuple[tuple[str, tuple[str, ...]], ...]]] = {}
        self._fatal: dict[int, set[str]] = {}
        """Operations whose failure is that of all hosts, with the hosts that have failed for it."""
        self._fatal_twice: set[int] = set()
        self._stopping = False
        self._announced = False
        self.ended_play = False
        self._pinned: set[str] = set()
        self._out: list[Instruction] = []

    # ------------------------------------------------------------------ in and out

    def start(self) -> list[Instruction]:
        """Return the first instructions."""
        for node in (self.plan.nodes[n] for n in self.plan.roots):
            for host in self.hosts.values():
                self._ready.append((host, node))
        return self._drain()

    def handle(self, stimulus: Stimulus) -> list[Instruction]:
        """Take one stimulus in, return what is to be done now."""
        match stimulus:
            case Finished():
                self._finished(stimulus)
            case Sent():
                host, node = self._instance(stimulus.operation, stimulus.host)
                host.phase[node.index] = Phase.SENT
                if self.rules.send_ahead:
                    self._send_ahead(host, node)
            case Decided():
                self._decided(stimulus)
            case Deferred():
                self._come_back(*self._instance(stimulus.operation, stimulus.host), Phase.DEFERRED)
            case Dropped():
                self._come_back(*self._instance(stimulus.operation, stimulus.host), Phase.WAITING)
            case Expanded():
                self._expanded(stimulus)
            case Stop():
                self._stopping = True
                self._ready.extend(self._for_slot)
                self._ready.extend(self._for_lock)
                self._for_slot.clear()
                self._for_lock.clear()
            case _:
                assert_never(stimulus)
        return self._drain()

    @property
    def is_over(self) -> bool:
        """Tell whether every instance is settled."""
        return self._outstanding == 0

    def readmit(self, operation: Operation) -> None:
        """Forgive at ``operation``: hosts out of reach are tried again, those in an ``always`` go on behind it."""
        for host in self.hosts.values():
            if host.gone and not host.doomed:
                host.gone = False
            else:
                host.forgive(operation.branches)

    def operation(self, name: str) -> Operation:
        """Return an operation of the base graph or of any fragment spliced in."""
        return self.plan.nodes[self._index[name]].operation

    def _instance(self, operation: str, host: str) -> tuple[HostState, Node]:
        state = self.hosts[host]
        number = state.nodes.get(operation)
        return state, self.plan.nodes[self._index[operation] if number is None else number]

    def _drain(self) -> list[Instruction]:
        while self._ready or self._may_take_slot():
            self._decide(*(self._ready.popleft() if self._ready else self._for_slot.popleft()))
        out, self._out = self._out, []
        if self.is_over and not self._announced:
            self._announced = True
            out.append(BatchOver())
        return out

    def _may_take_slot(self) -> bool:
        if self._for_slot and not self._slots.free:
            self._unpin_idle()
        return bool(self._for_slot and self._slots.free)

    def _unpin_idle(self) -> None:
        """Free the slots of pinned hosts that wait at a barrier, where nothing else could ever free one."""
        if any(h.in_flight for h in self.hosts.values()):
            return
        for name in list(self._pinned):
            self._pinned.discard(name)
            self._slots.give_back(name)

    # ------------------------------------------------------------------ an instance whose turn has come

    def _decide(self, host: HostState, node: Node) -> None:
        fate = self._fate(host, node)
        if node.kind in {Kind.TASK, Kind.FLUSH} and fate is not None:
            if node.chosen and host.fate(node.operation.branches) is None:
                host.place = node.operation.branches
            self._arrived(node, host, ())
            self._settle(host, node)
            if node.is_open and node.asked in ("", host.name):
                self._ask_next(node)
        elif node.kind is Kind.TASK:
            self._start(host, node)
        elif node.kind is Kind.FLUSH:
            wanted = ("handlers",) if host.notified else ()
            if wanted:
                host.phase[node.index] = Phase.EXPANDING
            self._arrived(node, host, wanted)
            if not wanted:
                self._settle(host, node)
        else:
            self._settle(host, node)

    def _fate(self, host: HostState, node: Node) -> Status | None:
        if self._stopping:
            return Status.NOT_RUN
        operation = node.operation
        if node.hosts is not None and host.name not in node.hosts:
            return Status.BYPASSED
        fate = None if self._is_forced(host, operation) else host.fate(operation.branches)
        if fate is None and host.ended_uses and operation.role and not host.ended_uses.isdisjoint(operation.role.uses):
            return Status.BYPASSED
        if fate is None and operation.role is not None and host.has_played(operation.role):
            return Status.BYPASSED
        if fate is None and operation.handler and operation.handler not in host.notified:
            return Status.BYPASSED
        if fate is None and node.once and node.chosen not in ("", host.name):
            return Status.BYPASSED
        return fate

    def _is_forced(self, host: HostState, operation: Operation) -> bool:
        """Tell whether a failed host runs this all the same: a handler, or what a handler includes."""
        if not self.rules.force_handlers or not host.doomed or host.gone or host.has_failed_handler:
            return False
        return self._is_last_flush(operation)

    def _is_last_flush(self, operation: Operation) -> bool:
        """Tell whether this is the flush at the end of a section of the play, or a handler that runs there."""
        if operation.kind is Kind.FLUSH:
            return operation.task is None
        flush = self._index.get(operation.id.partition("/")[0])
        return operation.section == "handlers" and flush is not None and self.plan.nodes[flush].operation.task is None

    def _goes_on(self, host: HostState, operation: Operation) -> bool:
        """Tell whether what an operation brings is run: also in ``always`` and forced handlers of a failed host."""
        return self._is_forced(host, operation) or host.fate(operation.branches) is None

    def _start(self, host: HostState, node: Node) -> None:
        if node.is_open and node.asked not in ("", host.name):
            host.phase[node.index] = Phase.HELD
            node.waiting.append(host.name)
            return
        node.asked = host.name
        if node.once:
            node.chosen = host.name
        if not self._slots.take(host.name):
            host.phase[node.index] = Phase.HELD
            self._for_slot.append((host, node))
        elif node.locks and not self._locks.take(node.locks):
            self._slots.give_back(host.name)
            host.phase[node.index] = Phase.HELD
            self._for_lock.append((host, node))
        else:
            self._dispatch(host, node, ahead=False)

    def _decided(self, told: Decided) -> None:
        """Take what a host says of an operation: it is run once here, or the next one is asked, or the others come."""
        host, node = self._instance(told.operation, told.host)
        if not node.is_open or node.asked != host.name:
            return
        node.is_open = not told.runs_once and isinstance(node.operation.keywords.run_once, str)
        throttle = told.throttle or UNSET
        keywords = dataclasses.replace(node.operation.keywords, throttle=throttle)
        node.operation = dataclasses.replace(
            node.operation, keywords=keywords, runs_once=told.runs_once, asks_first=node.is_open
        )
        node.once = told.runs_once and len(node.parties) > 1
        node.chosen = host.name if node.once else ""
        if node.operation.handler:
            self._forget_notice(host, node.operation)
        before, node.locks = node.locks, locks(node.operation)
        self._locks.take(tuple(each for each in node.locks if each not in before))
        if node.is_open:
            self._ask_next(node)
            return
        self._ready.extend((self.hosts[name], node) for name in node.waiting)
        node.waiting.clear()

    def _ask_next(self, node: Node) -> None:
        """Let the next host that waits to be asked come to an operation."""
        node.asked = ""
        if node.waiting:
            self._ready.append((self.hosts[node.waiting.popleft()], node))

    def _dispatch(self, host: HostState, node: Node, *, ahead: bool) -> None:
        operation = node.operation
        if self.rules.pinned and host.name not in self._pinned and not ahead:
            self._pinned.add(host.name)
            self._slots.take(host.name)
        host.in_flight.add(node.index)
        host.phase[node.index] = Phase.RUNNING
        if operation.handler:
            self._forget_notice(host, operation)
        if operation.keywords.notify:
            host.may_notify += 1
        self._out.append(Dispatch(operation.id, host.name, ahead))

    def _forget_notice(self, host: HostState, operation: Operation) -> None:
        """Take a handler as notified no more: by its host, or by all where one runs it for them."""
        for each in self.hosts.values() if operation.runs_once else (host,):
            each.notified.pop(operation.handler, None)

    def _release(self, host: HostState, node: Node) -> None:
        host.in_flight.discard(node.index)
        self._slots.give_back(host.name)
        if node.locks:
            self._locks.give_back(node.locks)
            self._ready.extend(self._for_lock)
            self._for_lock.clear()
        if node.operation.keywords.notify:
            host.may_notify -= 1

    # ------------------------------------------------------------------ ahead of its turn

    def _send_ahead(self, host: HostState, sent: Node) -> None:
        """Look behind what was sent: pass over what will not run, offer the first that may."""
        passed = [sent]
        while passed:
            for number in passed.pop().after:
                node = self.plan.nodes[number]
                if host.phase[number] != Phase.WAITING or any(host.phase[n] not in LEFT_BEHIND for n in node.before):
                    continue
                if self._may_pass(host, node):
                    host.phase[number] = Phase.PASSED
                    passed.append(node)
                elif node.kind is Kind.TASK:
                    self._offer(host, node)

    def _may_pass(self, host: HostState, node: Node) -> bool:
        match node.kind:
            case Kind.BARRIER:
                return len(node.parties) == 1
            case Kind.FLUSH:
                return not host.notified and not host.may_notify
            case Kind.JOIN:
                return True
            case Kind.TASK:
                return self._fate(host, node) is not None

    def _offer(self, host: HostState, node: Node) -> None:
        operation = node.operation
        if self._stopping or node.locks or node.once or node.is_open or operation.handler or operation.is_include:
            return
        if operation.role is not None and operation.role.is_again:
            return  # whether it runs at all depends on what is under way
        if self._slots.take(host.name):
            self._dispatch(host, node, ahead=True)

    def _come_back(self, host: HostState, node: Node, phase: Phase) -> None:
        host.phase[node.index] = phase
        self._release(host, node)
        if host.left[node.index] == 0:
            host.phase[node.index] = Phase.WAITING
            self._ready.append((host, node))

    # ------------------------------------------------------------------ an end

    def _finished(self, told: Finished) -> None:
        host, node = self._instance(told.operation, told.host)
        self._release(host, node)
        for handler in told.notified:
            host.notified.setdefault(handler)
        host.place = node.operation.branches
        if node.operation.role is not None and told.was_reached:
            host.play_role(node.operation.role, told.status)
        if told.status.is_bad:
            self._failed(host, node, told)
        if told.ends is not None:
            self._end(host, node.operation, told.ends)
        if told.groups and not told.status.is_bad and self._goes_on(host, node.operation):
            host.phase[node.index] = Phase.EXPANDING
            self._arrived(node, host, told.groups)
            return
        self._arrived(node, host, ())
        self._settle(host, node)
        if self.rules.max_fail_percentage is not None:
            self._keep_to_limit(node)

    def _failed(self, host: HostState, node: Node, told: Finished) -> None:
        if told.status is Status.FAILED:
            if node.chosen == host.name:
                self._fatal_twice.add(node.index)
            host.fail(node.operation.branches)
            host.has_failed_handler |= self._is_last_flush(node.operation)
        else:
            host.gone = True
        self._spread(host, node, fatal=told.fatal)

    def _spread(self, host: HostState, node: Node, *, fatal: bool) -> None:
        """Let the others fail with a host where that is asked for."""
        if fatal and not self.rules.each_for_itself:
            host.shares_failure |= host.gone
            self._fatal.setdefault(node.index, set()).add(host.name)
            for other in self.hosts.values():
                if other.phase[node.index] == Phase.SETTLED:
                    self._fail_along(other, node)
        self._keep_to_limit(node)

    def _fail_along(self, host: HostState, node: Node) -> None:
        """Let a host fail as another did, where that is to be its own failure too."""
        failed = self._fatal[node.index]
        if host.name not in failed:
            failed.add(host.name)
            within = node.hosts is None or host.name in node.hosts
            place = node.operation.branches if within else None
            host.fail_along(place, 2 if node.index in self._fatal_twice else 1)
            self._keep_to_limit(node)

    def _keep_to_limit(self, node: Node) -> None:
        """End every host's way where more have failed than may; one that fails just now has its rescue's next task."""
        out = sum(1 for h in self.hosts.values() if h.is_out)
        if not self.rules.too_many(out, len(self.hosts)):
            return
        for host in self.hosts.values():
            has_failed_here = not host.shares_failure and host.name in self._fatal.get(node.index, ())
            host.doomed = host.doomed or (host.is_live and not has_failed_here)

    def _end(self, host: HostState, operation: Operation, ends: Ends) -> None:
        if ends is Ends.HOST:
            host.ended = True
        elif ends is Ends.ROLE:
            host.ended_uses.update(operation.role.uses[-1:] if operation.role else ())
        elif ends in (Ends.BATCH, Ends.PLAY):
            for each in self.hosts.values():
                each.ended = True
            self.ended_play = self.ended_play or ends is Ends.PLAY

    def _settle(self, host: HostState, node: Node) -> None:
        """Mark an instance as done and count it down in everything that waits for it."""
        if host.phase[node.index] == Phase.SETTLED:
            return
        host.phase[node.index] = Phase.SETTLED
        self._outstanding -= 1
        host.open -= 1
        if host.open == 0 and host.name in self._pinned:
            self._pinned.discard(host.name)
            self._slots.give_back(host.name)
        if node.index in self._fatal and node.kind is Kind.TASK:
            self._fail_along(host, node)
        for number in node.after:
            after = self.plan.nodes[number]
            if after.kind is Kind.BARRIER:
                self._count_barrier(after)
            else:
                self._count(host, after)

    def _count(self, host: HostState, node: Node) -> None:
        host.left[node.index] -= 1
        if host.left[node.index] == 0 and host.phase[node.index] in (Phase.WAITING, Phase.PASSED, Phase.DEFERRED):
            host.phase[node.index] = Phase.WAITING
            self._ready.append((host, node))

    def _count_barrier(self, node: Node) -> None:
        node.open -= 1
        if node.open == 0:
            for name in node.parties:
                self._settle(self.hosts[name], node)

    # ------------------------------------------------------------------ growing

    def _arrived(self, node: Node, host: HostState, groups: tuple[str, ...]) -> None:
        """Note what an expanding operation brings on this host; ask for it when all have arrived, or at once."""
        if not node.operation.is_include and node.kind is not Kind.FLUSH:
            return
        node.open -= 1
        for key in groups:
            node.pending.append((key, (host.name,)))
        if node.pending and (node.open == 0 or not node.operation.gathers):
            merged: dict[str, list[str]] = {}
            for key, names in node.pending:
                merged.setdefault(key, []).extend(names)
            node.pending = []
            ticket = len(self._tickets) + 1
            wanted = tuple((key, tuple(names)) for key, names in merged.items())
            self._tickets[ticket] = (node, wanted)
            self._out.append(Expand(ticket, node.operation.id, wanted))

    def _expanded(self, told: Expanded) -> None:
        node, groups = self._tickets[told.ticket]
        parties = tuple(dict.fromkeys(name for _, names in groups for name in names))
        join = self.plan.nodes[self._join_of(node)]
        ends = [node.index]
        first = len(self.plan.nodes)
        for (_, names), graph in zip(groups, told.graphs, strict=True):
            if graph is None:
                for name in names:
                    self.hosts[name].fail(node.operation.branches)
                    self.hosts[name].shares_failure = True
                    self.hosts[name].has_failed_handler |= self._is_last_flush(node.operation)
                    self._spread(self.hosts[name], node, fatal=told.fatal)
            elif len(graph):
                ends = self._splice(graph, parties, frozenset(names), ends, node.index)
        if ends != [node.index]:
            for number in ends:
                join.before.append(number)
                self.plan.nodes[number].after.append(join.index)
        self._enter(parties, first, join, ends, node)

    def _splice(
        self, graph: Graph, parties: tuple[str, ...], names: frozenset[str], ends: list[int], include: int
    ) -> list[int]:
        """Hang a fragment behind ``ends``; return its sinks."""
        first = len(self.plan.nodes)
        roots, sinks = self.plan.add(graph, parties)
        for added in self.plan.nodes[first:]:
            added.hosts = names
            self._index[added.operation.id] = added.index
        for root in roots:
            for end in ends:
                if end == include:
                    self.plan.nodes[root].before.append(include)
                else:
                    self.plan.connect(end, root)
            if self.plan.nodes[root].kind is Kind.BARRIER:
                self.plan.nodes[root].open = len(parties) * len(ends)
        return sinks

    def _enter(self, parties: tuple[str, ...], first: int, join: Node, ends: list[int], node: Node) -> None:
        """Let ``parties`` into the nodes from ``first`` on, then settle what brought them."""
        fresh = self.plan.nodes[first:]
        for name in self.hosts:
            self.hosts[name].grow(len(self.plan.nodes) - len(self.hosts[name].phase))
        self._outstanding += len(fresh) * len(parties)
        for name in parties:
            host = self.hosts[name]
            host.open += len(fresh)
            for added in fresh:
                host.phase[added.index] = Phase.WAITING
                host.left[added.index] = len(added.before)
                host.nodes[added.operation.id] = added.index
            if ends != [node.index]:
                host.left[join.index] += len(ends)
            for added in fresh:
                if node.index in added.before:
                    self._count(host, added)
            self._settle(host, node)

    def _join_of(self, node: Node) -> int:
        wanted = join_id(node.operation.id)
        return next(n for n in node.after if self.plan.nodes[n].operation.id == wanted)
