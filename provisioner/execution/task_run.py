"""One task on one host while it runs, as attempts and actions see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import position_of
from provisioner.execution.connecting import Route
from provisioner.execution.context import PlayContext
from provisioner.execution.needs import Call
from provisioner.execution.outcome import Effects
from provisioner.graph.operation import Operation
from provisioner.model.call import Carried, Request
from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.task import Task
from provisioner.records import dataclass
from provisioner.templating.renderer import Renderer
from provisioner.variables.scope import Layer, Scope


@dataclass(frozen=True, slots=True)
class Resolved:
    """A task's keywords and arguments as they are for one host (and one loop item); ``action`` is what it runs."""

    args: Mapping[str, Any]
    keywords: Keywords
    route: Route
    environment: Mapping[str, str]
    check: bool
    diff: bool
    no_log: bool
    delegated_to: str = ""
    action: str = ""


@dataclass
class TaskRun:
    """An operation on a host.

    ``pending`` holds names still being computed by operations sent before this one. ``is_secret`` is what ``no_log``
    comes to. ``chain`` names the chain on the worker that is broken by a failure.
    """

    play: PlayContext
    operation: Operation
    host: str
    chain: str = ""
    pending: tuple[Layer, ...] = ()
    effects: Effects = field(default_factory=Effects)
    is_secret: bool = True
    limit_s: float = 0.0
    """The task's time limit, once it is rendered; 0 is none."""
    interpreter: str = ""
    """The Python that answered its requests."""
    folder: str = ""
    """Where on the host the files of its last request lie, where they are kept."""
    calls: int = 0
    """How many requests it has made so far."""

    last_item: Mapping[str, Any] | None = None
    """The result of the loop's item before this one: what ``register`` names while the loop runs."""

    def __post_init__(self) -> None:
        """Take the task for secret until ``no_log`` is known to be false: a template is only rendered later."""
        self.is_secret = self.operation.keywords.no_log not in (UNSET, None, False)

    @property
    def task(self) -> Task:
        """The task as written."""
        if self.operation.task is None:
            raise TypeError(f"operation {self.operation.id} runs nothing")
        return self.operation.task

    @property
    def may_change(self) -> bool:
        """Whether it may change its host: a run that follows a plan does nothing else."""
        allowed = self.play.run.allowed
        return allowed is None or allowed(self.operation.id, self.host)

    @property
    def items_done(self) -> Mapping[int, Mapping[str, Any]]:
        """The results of the items that an earlier run did, where its loop failed at others."""
        recall = self.play.run.recall
        return recall.items.get((self.operation.id, self.host), {}) if recall else {}

    @property
    def is_lost(self) -> bool:
        """Whether an earlier run sent it to the host and never heard what came of it."""
        recall = self.play.run.recall
        return recall is not None and (self.operation.id, self.host) in recall.unknown

    def next_key(self) -> str:
        """Return the key of the next request: the same in every run that comes here by the same results."""
        self.calls += 1
        place = self.operation.id, self.host
        return f"{self.operation.id}@{self.host}/{self.play.run.rounds.get(place, 0)}/{self.calls}"

    @property
    def is_judged_there(self) -> bool:
        """Whether the worker can see by itself that the task failed, and so drop what was sent behind it."""
        task, keywords = self.task, self.operation.keywords
        if task.failed_when is not None or task.until is not None or keywords.retry:
            return False
        written = (*(task.changed_when or ()), *(name for name in keywords.notify if "{{" in str(name)))
        return all(isinstance(each, bool) for each in written)

    @property
    def renderer(self) -> Renderer:
        """The run's renderer."""
        return self.play.run.renderer

    def scope(self, *extra: Layer) -> Scope:
        """Return the scope as it is now, with ``extra`` layers on top."""
        scope = self.play.operation_scope(self.operation, self.host)
        return scope.with_layers(*self.pending, *extra) if self.pending or extra else scope


@dataclass
class ActionCall:
    """What an action gets: rendered arguments, the scope, and ways to reach the target and the controller's files."""

    run: TaskRun
    resolved: Resolved
    scope: Scope
    effects: Effects

    @property
    def args(self) -> Mapping[str, Any]:
        """The task's arguments, rendered, ``omit`` taken out."""
        return self.resolved.args

    @property
    def host(self) -> str:
        """The host the task belongs to (not the one it is delegated to)."""
        return self.run.host

    @property
    def check(self) -> bool:
        """Whether nothing may be changed."""
        return self.resolved.check

    @property
    def diff(self) -> bool:
        """Whether before and after are wanted."""
        return self.resolved.diff

    @property
    def renderer(self) -> Renderer:
        """The run's renderer."""
        return self.run.renderer

    def remote(
        self,
        module: str,
        params: Mapping[str, Any],
        *,
        body: bytes | Path | None = None,
        reply_path: Path | None = None,
        last: bool = True,
        carried: Carried | None = None,
    ) -> Call:
        """Return a call of a module on the task's target. ``last``: the action asks nothing after it."""
        target = self.resolved.route.target
        request = Request(
            module=module,
            params=params,
            check=self.check,
            diff=self.diff,
            environment=self.resolved.environment,
            body=body,
            reply_path=reply_path,
            chain=self.run.chain,
            link=self.run.operation.id,
            stop_chain=self.run.is_judged_there and not self.resolved.keywords.ignore_errors,
            carried=carried,
            op="" if self.check else self.run.next_key(),
            secret=self.resolved.no_log,
            again=self.run.play.run.recall is not None,
            lost=self.run.is_lost,
            hold=not self.check and not self.run.may_change,
            cwd=str(Path(self.run.play.compiled.play.basedir).absolute()) if target.connection == "local" else "",
        )
        return Call(request, target, self.resolved.route.become, last)

    def find_file(self, name: str, folder: str) -> Path:
        """Return the controller file ``name`` means: absolute, or below the role's, task's or playbook's ``folder``.

        InputError names everywhere it was looked for.
        """
        wanted = expanded(name)
        tried: list[Path] = []
        for candidate in (wanted,) if wanted.is_absolute() else self._candidates(name, folder):
            if candidate.exists():
                return candidate
            tried.append(candidate)
        looked_at = "\n".join(f"looked at {path}" for path in tried)
        raise InputError.at(
            position_of(name) or self.run.operation.position,
            f"file not found: {name}",
            detail=looked_at,
            known_as=f"Could not find or access '{name}'\nSearched in:\n"
            + "\n".join(f"\t{path}" for path in tried)
            + " on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, "
            "see the remote_src option",
        )

    def _candidates(self, name: str, folder: str) -> Iterator[Path]:
        found = self.scope.find("ansible_search_path")
        paths = found.value if found is not None and isinstance(found.value, list) else ["."]
        return (Path(p, part, name) for p in paths for part in ((folder, ".") if folder else (".",)))
