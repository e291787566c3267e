"""Stand-ins for what the executor meets: sessions whose workers follow a script, time, a person, a listener."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.execution.ports import Clock, EventSink, Prompt, WorkerSession
from provisioner.execution.ports import Sessions as SessionsPort
from provisioner.model.call import Reply, Request
from provisioner.model.event import Event
from provisioner.model.target import Become, Target

E = TypeVar("E")
Answer = Mapping[str, Any] | Reply | TargetError
Script = Callable[[str, Request], Answer | None]
"""(host, request) -> what the worker answers; None means what ``by_words`` says."""


class ManualClock:
    """Time that only moves when told to."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


class EventRecorder:
    """Keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def handle(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [e for e in self.events if isinstance(e, kind)]


@dataclass
class FakePrompt:
    """Answers questions in turn; ``steps`` the questions of --step, by task title and host."""

    answers: Sequence[str] = ()
    steps: Callable[[str, str], bool] = lambda _title, _host: True
    asked: list[tuple[str, bool]] = field(default_factory=list)
    continues: bool = True
    """What is answered where a pause is interrupted."""

    def ask(self, text: str, *, echo: bool, timeout_s: float) -> str:
        del timeout_s
        self.asked.append((text, echo))
        return self.answers[len(self.asked) - 1] if len(self.asked) <= len(self.answers) else ""

    def pause(self, text: str, *, echo: bool) -> str | None:
        return self.ask(text, echo=echo, timeout_s=0)

    def goes_on(self) -> bool:
        self.asked.append(("goes on?", True))
        return self.continues

    def confirm_step(self, title: str, host: str) -> bool:
        return self.steps(title, host)


def by_words(host: str, request: Request) -> Answer:
    """Answer a command by its first word: ok, fail, warn, die (unreachable), lose, echo; ``fail@h1`` only on h1."""
    text = str(request.params.get("_raw_params", request.params.get("cmd", "")))
    word, _, where = text.partition(" ")[0].partition("@")
    if where and host not in where.split(","):
        word = "ok"
    rest = text.partition(" ")[2]
    match word:
        case "fail":
            return {"failed": True, "changed": True, "rc": 1, "msg": "non-zero return code", "stdout": rest}
        case "die":
            return Unreachable(f"{host} does not answer")
        case "lose":
            return Lost(f"contact to {host} broke")
        case "echo":
            return {"changed": True, "rc": 0, "stdout": rest, "stderr": ""}
        case "same":
            return {"changed": False, "rc": 0, "stdout": rest, "stderr": ""}
        case _:
            return {"changed": request.module not in {"ping", "setup", "stat"}}


@dataclass
class FakeWorker:
    """One worker: runs requests in order, breaks chains as the real one does. Satisfies WorkerSession."""

    sessions: FakeSessions
    target: Target
    become: Become | None
    breaker: dict[str, str] = field(default_factory=dict)
    waiting: deque[tuple[Request, Callable[[Reply], None]]] = field(default_factory=deque)
    """Requests are answered in the order they came: what is behind one that is kept back is kept back too."""
    broken: TargetError | None = None
    """Contact that broke stays broken until the session is reset."""

    @property
    def user(self) -> str:
        return self.become.user if self.become else (self.target.user or "")

    def submit(
        self, request: Request, done: Callable[[Reply], None], output: Callable[[str, str], None] | None = None
    ) -> None:
        del output
        self.sessions.submitted.append((self.target.host, request))
        if self.waiting or self.sessions.holds(self.target.host, request):
            self.waiting.append((request, done))
            self.sessions.held.append(self)
        else:
            done(self._answer(request))

    def answer_next(self) -> None:
        """Answer the oldest request that was kept back."""
        if self.waiting:
            request, done = self.waiting.popleft()
            done(self._answer(request))

    def reset(self) -> None:
        """Begin anew; what was written and not answered is lost."""
        for _, done in self.waiting:
            done(Reply(error=Lost(f"{self.target.host}: the session was closed")))
        self.waiting.clear()
        self.breaker.clear()
        self.broken = None

    def break_chain(self, chain: str, link: str) -> None:
        self.breaker[chain] = link

    def _answer(self, request: Request) -> Reply:
        host = self.target.host
        if self.broken is not None:
            return Reply(error=self.broken)
        if request.chain and self.breaker.get(request.chain, request.link) != request.link:
            self.sessions.dropped.append((host, request))
            return Reply(dropped=True)
        self.sessions.ran.append((host, request))
        answer = self.sessions.script(host, request)
        answer = by_words(host, request) if answer is None else answer
        if isinstance(answer, TargetError):
            self.broken = Unreachable(f"{host}: contact broke before")
            return Reply(error=answer)
        reply = answer if isinstance(answer, Reply) else Reply(result=dict(answer))
        if request.chain and request.stop_chain and reply.result and reply.result.get("failed"):
            self.breaker[request.chain] = request.link
        return reply


class FakeSessions:
    """All workers of a run. Replies come at once, into the executor's inbox, unless ``holds`` keeps them back."""

    def __init__(self, script: Script = lambda _host, _request: None) -> None:
        self.script = script
        self.holds: Callable[[str, Request], bool] = lambda _host, _request: False
        self.held: deque[FakeWorker] = deque()
        self.submitted: list[tuple[str, Request]] = []
        self.ran: list[tuple[str, Request]] = []
        self.dropped: list[tuple[str, Request]] = []
        self.workers: dict[tuple[Target, Become | None], FakeWorker] = {}
        self.resets: list[str] = []
        self.commands: list[tuple[str, str]] = []

    def session(self, target: Target, become: Become | None = None) -> FakeWorker:
        return self.workers.setdefault((target, become), FakeWorker(self, target, become))

    def raw(
        self, target: Target, become: Become | None, command: str, done: Callable[[Reply], None], *, stdin: bytes = b""
    ) -> None:
        del become, stdin
        self.commands.append((target.host, command))
        done(Reply(result={"rc": 0, "stdout": command, "stderr": "", "changed": True}))

    def reset(self, host: str, user: str = "") -> None:
        self.resets.append(f"{host} {user}".strip())
        if user:
            return
        for worker in self.workers.values():
            if worker.target.host == host:
                worker.reset()

    def release(self) -> bool:
        """Let the oldest reply that was kept back go; False where there is none."""
        if not self.held:
            return False
        self.held.popleft().answer_next()
        return True


def _fit_the_ports(
    clock: ManualClock, sink: EventRecorder, prompt: FakePrompt, sessions: FakeSessions, worker: FakeWorker
) -> tuple[Clock, EventSink, Prompt, SessionsPort, WorkerSession]:
    """Let mypy say where a fake no longer fits its port."""
    return clock, sink, prompt, sessions, worker
