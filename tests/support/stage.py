"""A stage for one action: a controller folder, a host that is a temporary root, and every need answered at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.position import Position, Source
from provisioner.execution.connecting import Route
from provisioner.execution.files import FileCache
from provisioner.execution.needs import (
    Call,
    Done,
    ItemDone,
    Local,
    Pause,
    Question,
    RawCall,
    ResetConnection,
    Sleep,
)
from provisioner.execution.outcome import Effects
from provisioner.execution.task_run import ActionCall, Resolved, TaskRun
from provisioner.graph.operation import Kind, Operation
from provisioner.model.call import Reply
from provisioner.model.keywords import Keywords
from provisioner.model.options import RunOptions
from provisioner.model.target import Become, Target
from provisioner.model.task import Task
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.payload import Payload
from provisioner.syntax.vault import Vault, VaultSecret
from provisioner.templating.renderer import Renderer
from provisioner.variables.scope import Layer, Level, Scope

VAULT = Vault((VaultSecret("default", b"secret"),))


WEB = Target("web1", address="192.0.2.1", user="ops", private_key="/key")


@dataclass
class Stage:
    """``files`` is the playbook's folder, ``root`` the host's file system, ``needs`` what was asked for, in order."""

    tmp: Path
    target: Target = field(default_factory=lambda: WEB)
    become: Become | None = None
    answer: Callable[[Call], Reply | None] = lambda _call: None
    typed: str | None = ""
    goes_on: bool = True
    needs: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files, self.root, self.scratch = self.tmp / "play", self.tmp / "host", self.tmp / "scratch"
        for folder in (self.files, self.root, self.scratch):
            folder.mkdir(parents=True)
        self.cache = FileCache()
        self.stats: dict[str, dict[str, Any]] = {}

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a controller file."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def call(
        self, action: str, args: Mapping[str, Any], *, check: bool = False, delegated_to: str = "", **variables: Any
    ) -> ActionCall:
        """Return the call an action gets."""
        position = Position(Source("site.yml"), 1, 1)
        task = Task(action=action, args=args, position=position)
        operation = Operation("1.1", Kind.TASK, "1", position, task=task)
        route = Route(self.target, self.become)
        run = SimpleNamespace(
            files=self.cache, loading=SimpleNamespace(vault=VAULT), scratch=self.scratch, stats=self.stats,
            options=RunOptions(check=check), renderer=Renderer(), rounds={}, recall=None, allowed=None,
        )  # fmt: skip
        compiled = SimpleNamespace(play=SimpleNamespace(basedir=str(self.files)))
        play: Any = SimpleNamespace(run=run, compiled=compiled, route=lambda *_args, **_more: route)
        magic = {"ansible_search_path": [str(self.files)], "inventory_hostname": "web1"}
        scope = Scope((Layer(Level.MAGIC, "magic", magic, rendered=True), Layer(Level.PLAY_VARS, "vars", variables)))
        resolved = Resolved(args, Keywords(), route, {}, check, True, False, delegated_to)
        return ActionCall(TaskRun(play, operation, "web1"), resolved, scope, Effects())

    def run(self, action: str, args: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Run an action to its end."""
        return self.drive(self.call(action, args, **more))

    def drive(self, call: ActionCall) -> dict[str, Any]:
        """Answer an action's needs until it ends."""
        steps = catalog.load("action", call.run.task.action).run(call)
        answer: Any = None
        try:
            while True:
                need = steps.send(answer)
                self.needs.append(need)
                answer = self._answer(need)
        except StopIteration as stop:
            return dict(stop.value)

    @property
    def calls(self) -> list[Call]:
        """The calls of modules that were made."""
        return [need for need in self.needs if isinstance(need, Call)]

    def _answer(self, need: Any) -> Any:
        match need:
            case Call():
                return self.answer(need) or self._module(need)
            case Local():
                return _done(need)
            case Question():
                return self.typed
            case Pause():
                return None if self.goes_on else False
            case RawCall():
                return Reply(result={"rc": 0, "stdout": need.command, "stderr": ""})
            case Sleep() | ResetConnection() | ItemDone():
                return None
        return None

    def _module(self, need: Call) -> Reply:
        request = need.request
        body = request.body.read_bytes() if isinstance(request.body, Path) else request.body
        system = System(root=str(self.root), payload=Payload(body) if body else None, tmp=str(self.scratch))
        module = importlib.import_module(f"provisioner.remote.modules.{request.module}")
        result = run_module(module, dict(request.params), Mode(request.check, request.diff), system)
        if system.attachment is not None:
            content = system.attachment.read()
            system.attachment.close()
            if request.reply_path is not None and content:
                request.reply_path.write_bytes(content)
        return Reply(result=result)


def _done(need: Local) -> Done:
    try:
        return Done(need.work())
    except Exception as error:  # noqa: BLE001 - as the executor does it
        return Done(error=error)
