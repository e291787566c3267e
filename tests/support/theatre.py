"""Runs playbook texts through loading, graph, scheduler and executor, against fake sessions: all but the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from provisioner.app.credentials import Credentials
from provisioner.app.wiring import compiled_plays, load, reload_inventory
from provisioner.execution.connection_plugins import ConnectionPlugins
from provisioner.execution.context import RunContext
from provisioner.execution.course import Course
from provisioner.execution.executor import Surroundings
from provisioner.execution.fact_cache import KeepsFacts, Nothing
from provisioner.execution.inventory_state import InventoryState
from provisioner.model import event
from provisioner.model.options import RunOptions
from tests.support.fakes import EventRecorder, FakePrompt, FakeSessions, ManualClock, Script

FACTS_OFF = "  gather_facts: false\n"


@dataclass
class Theatre:
    """``run`` performs a playbook; afterwards ``told`` and the other views say what happened.

    Plays need no ``gather_facts: false``: ``setup`` answers with what ``facts`` holds for the host.
    """

    folder: Path
    inventory: str = "h1\nh2\n"
    options: RunOptions = RunOptions()  # noqa: RUF009 - frozen
    script: Script = lambda _host, _request: None
    facts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    prompt: FakePrompt = field(default_factory=FakePrompt)
    stop_at: str = ""
    cache: KeepsFacts = field(default_factory=Nothing)
    plugins: ConnectionPlugins | None = None

    def __post_init__(self) -> None:
        self.sessions = FakeSessions(self._answer)
        self.clock, self.recorder = ManualClock(), EventRecorder()
        self.secrets: list[str] = []
        self.course: Course | None = None

    def _answer(self, host: str, request: Any) -> Any:
        if request.module == "setup":
            return {"changed": False, "ansible_facts": dict(self.facts.get(host, {}))}
        return self.script(host, request)

    # ------------------------------------------------------------------ running

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, playbook: str, files: Mapping[str, str] | None = None, **options: Any) -> Theatre:
        """Perform the playbook; return the theatre itself."""
        self.write({"site.yml": playbook, "hosts": self.inventory, **(files or {})})
        wanted = replace(self.options, inventories=(str(self.folder / "hosts"),), **options)
        loaded = load([str(self.folder / "site.yml")], wanted, Credentials())
        plays = compiled_plays(loaded, wanted)
        self.context = RunContext(
            wanted, InventoryState(loaded.inventory, loaded.beside.of), loaded.renderer, loaded.loading, "run-1",
            self.folder, self.secrets.append, lambda: reload_inventory(loaded, wanted), cache=self.cache,
        )  # fmt: skip
        if self.plugins is not None:
            self.context.plugins = self.plugins
        with ThreadPoolExecutor(max_workers=2) as threads:
            around = Surroundings(self.sessions, self.clock, self.prompt, threads, self._quiet)
            self.course = Course(self.context, around, self)
            for compiled in plays:
                if not self.course.play(compiled):
                    break
        return self

    def handle(self, happened: event.Event) -> None:
        """Take an event; the first that mentions ``stop_at`` as its title stops the run."""
        self.recorder.handle(happened)
        if isinstance(happened, event.OperationStarted) and happened.title == self.stop_at and self.course:
            self.course.stop()

    def _quiet(self) -> None:
        """Nothing else happens: let a kept reply go, or else let time pass."""
        if not self.sessions.release():
            self.clock.advance(3600)

    # ------------------------------------------------------------------ what happened

    @property
    def titles(self) -> dict[str, str]:
        return {e.operation: e.name for e in self.recorder.of(event.OperationPlanned)}

    @property
    def told(self) -> list[str]:
        """A line for each operation that ended: host, task, status; without gathering facts."""
        titles = self.titles
        return [
            f"{e.host} {titles[e.operation]} {e.status.value}"
            for e in self.recorder.of(event.OperationFinished)
            if titles[e.operation] != "Gathering Facts"
        ]

    def on(self, host: str) -> list[str]:
        """What ended on a host: task and status."""
        return [line.removeprefix(f"{host} ") for line in self.told if line.startswith(f"{host} ")]

    def result(self, title: str, host: str = "h1") -> dict[str, Any]:
        """The last result of the task on a host."""
        titles = self.titles
        found = [
            e for e in self.recorder.of(event.OperationFinished) if e.host == host and titles[e.operation] == title
        ]
        return dict(found[-1].result)

    def said(self, host: str = "h1") -> list[object]:
        """What debug printed on the host, in order; a loop gives each item."""
        out: list[object] = []
        printers = {e.operation for e in self.recorder.of(event.OperationPlanned) if e.action == "debug"}
        for each in self.recorder.of(event.OperationFinished):
            if each.host == host and each.operation in printers:
                out += [r["msg"] for r in self._printed(each.result)]
        return out

    def _printed(self, result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return [r for r in result.get("results", [result]) if "msg" in r and not r.get("failed")]

    @property
    def commands(self) -> list[str]:
        """What workers really ran, in order: host and the command's text, or the module."""
        return [f"{host} {_text(request)}" for host, request in self.sessions.ran if request.module != "setup"]

    @property
    def notes(self) -> list[str]:
        return [e.text for e in self.recorder.of(event.Noted)]

    @property
    def owed(self) -> list[str]:
        return [f"{e.host} {e.handler} {e.because}" for e in self.recorder.of(event.HandlerOwed)]


def _text(request: Any) -> str:
    return str(request.params.get("_raw_params", request.params.get("cmd", request.module)))
