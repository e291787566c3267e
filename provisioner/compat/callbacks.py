"""Runs the user's own callback plugins as renderers: which there are, and what they are told of each event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from provisioner.app.inventory_settings import inventory_settings
from provisioner.compat import callback_interface
from provisioner.compat.callback_interface import CallbackBase, CallbackDisplay, DefaultCallback, Stats, TaskResult
from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.home import expanded
from provisioner.loading import plugin_options, stand_ins
from provisioner.loading.collections import Collections
from provisioner.model.event import (
    Event,
    ItemFinished,
    Noted,
    OperationFinished,
    OperationStarted,
    PlayFinished,
    PlayStarted,
    Prompted,
    Retrying,
    RunFinished,
    RunStarted,
)
from provisioner.model.options import RunOptions
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.renderer import EventRenderer, Settings
from provisioner.reporting.screen import Screen
from provisioner.reporting.story import Story
from provisioner.templating.project_plugins import import_file

CLASS = "CallbackModule"
STDOUT = "stdout"
_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})
_INCLUDES = frozenset({"include_tasks", "include_role"})


class Callbacks:
    """Finds callback plugins: in the folders that are configured, beside the playbooks, in collections."""

    def __init__(self, found: Configuration, settings: Settings, playbooks: Sequence[str]) -> None:
        self._found, self._settings = found, settings
        beside = [Path(each).absolute().parent for each in playbooks] or [Path.cwd()]
        folders = [
            *(each / "callback_plugins" for each in beside),
            *map(Path, found.texts("DEFAULT_CALLBACK_PLUGIN_PATH")),
        ]
        self._folders = list(dict.fromkeys(each.expanduser() for each in folders))

    def own(self) -> Iterator[Path]:
        """Yield the plugins that lie in folders of the user's; of two of one name the first."""
        seen: set[str] = set()
        for folder in self._folders:
            for path in sorted(folder.glob("*.py")) if folder.is_dir() else ():
                if not path.name.startswith("_") and path.stem not in seen:
                    seen.add(path.stem)
                    yield path

    def find(self, name: str) -> Path | None:
        """Return the file of a plugin by name, None where there is none."""
        if name.count(".") >= 2:
            plugin = self._collections().plugin("callback", name)
            return Path(plugin.path) if plugin and plugin.path and Path(plugin.path).is_file() else None
        return next((path for path in self.own() if path.stem == name), None)

    def _collections(self) -> Collections:
        return Collections(tuple(str(expanded(each)) for each in self._found.texts("COLLECTIONS_PATHS")))

    def output(self, path: Path, inner: EventRenderer) -> EventRenderer | None:
        """Return the renderer that a plugin is for standard output; ``inner`` shows what it does not say itself."""
        return self._made(path, inner)

    def besides(self, enabled: Sequence[str]) -> list[EventRenderer]:
        """Return those that listen: the enabled ones, and those of the user's that need not be enabled."""
        made = []
        wanted = [path for name in enabled if (path := self.find(name)) is not None]
        for path in dict.fromkeys((*wanted, *self.own())):
            renderer = self._made(path, None, is_enabled=path in wanted)
            if renderer is not None:
                made.append(renderer)
        return made

    def _made(self, path: Path, inner: EventRenderer | None, *, is_enabled: bool = True) -> EventRenderer | None:
        renderer = CallbackRenderer(self._settings, inner)
        try:
            module = _imported(path, renderer, self._collections())
            kind = getattr(module, CLASS)
            if inner is None and getattr(kind, "CALLBACK_TYPE", "") == STDOUT:
                return None
            needs = getattr(kind, "CALLBACK_NEEDS_ENABLED", getattr(kind, "CALLBACK_NEEDS_WHITELIST", False))
            if inner is None and needs and not is_enabled:
                return None
            options = plugin_options.values(
                plugin_options.declared(module, path.stem), {}, inventory_settings(self._found, RunOptions())
            )
            renderer.plugin = kind()
            renderer.plugin.set_options(direct=options)
            if isinstance(renderer.plugin, DefaultCallback):
                renderer.plugin.show_as_usual = renderer.show  # type: ignore[method-assign]
        except Exception as error:  # noqa: BLE001 - the plugin is somebody else's code: whatever it raises is its mistake
            Screen(self._settings).warn(f"the callback plugin {path} cannot be used: {_said(error)}")
            return None
        return None if renderer.plugin.disabled else renderer


def _said(error: Exception) -> str:
    return " ".join(str(error).split())


def _imported(path: Path, renderer: CallbackRenderer, collections: Collections) -> ModuleType:
    constants = {"DISPLAY_SKIPPED_HOSTS": True, "DEFAULT_LOCAL_TMP": "/tmp", "config": SimpleNamespace()}  # noqa: S108
    CallbackBase.made_for = renderer.display
    names = callback_interface.interface(renderer.display, constants)
    with stand_ins.meaning(names):
        return import_file(path, "callback", collections, is_provided=True)


class CallbackRenderer:
    """Calls a plugin's methods for what events say."""

    plugin: CallbackBase

    def __init__(self, settings: Settings, inner: EventRenderer | None) -> None:
        self._settings, self._inner = settings, inner
        self._screen = Screen(settings)
        self.display = CallbackDisplay(self._screen, settings.verbosity, settings.width)
        self._story = Story()
        self._now: Event | None = None
        self._begun: set[str] = set()
        self._on: set[tuple[str, str]] = set()
        self._tasks: dict[str, Any] = {}
        self._is_over = self._is_told = False

    def show(self) -> None:
        """Show what happened last as our own renderer does, once."""
        event, self._now = self._now, None
        if event is not None and self._inner is not None and isinstance(self.plugin, DefaultCallback):
            self._inner.handle(event)

    def handle(self, event: Event) -> None:
        """Call what the plugin has for an event."""
        self._story.add(event)
        self._now, self._is_told = event, False
        match event:
            case RunStarted():
                self._start(event)
            case PlayStarted():
                self._play(event)
            case OperationStarted() if not event.ahead:
                self._begin(event.operation, event.host)
            case ItemFinished():
                self._item(event)
            case OperationFinished() if event.status not in _UNSHOWN:
                self._finish(event)
            case Retrying():
                self._begin(event.operation, event.host)
                left = {"attempts": event.attempt, "retries": event.attempts}
                self._call("v2_runner_retry", self._result(event.operation, event.host, left))
            case Noted():
                self._remark(event)
            case _:
                self._around(event)
        if not self._is_told:
            self.show()  # plugins are not asked about it

    def _around(self, event: Event) -> None:
        """Call what the plugin has for what is about no task."""
        match event:
            case Prompted():
                self._call("v2_playbook_on_vars_prompt", event.variable, prompt=event.text)
            case PlayFinished() if event.is_halted:
                for _ in range(2):  # as often as Ansible says so
                    self._call("v2_playbook_on_no_hosts_remaining")
            case RunFinished():
                self._end()
            case _:
                pass

    def close(self) -> None:
        """Tell a run that broke off that it is over."""
        if self._story.started is not None and not self._is_over:
            self._end()
        if self._inner is not None and isinstance(self.plugin, DefaultCallback):
            self._inner.close()

    # ------------------------------------------------------------------ what is told

    def _call(self, method: str, *args: Any, **kwargs: Any) -> None:
        self._is_told = True
        for name in (method, "v2_on_any"):
            try:
                getattr(self.plugin, name)(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the plugin is somebody else's code; the run goes on
                text = f"Failure using method ({name}) in callback plugin ({self.plugin}): {error}"
                self._screen.warn(text)

    def _start(self, event: RunStarted) -> None:
        name = event.playbooks[0] if event.playbooks else "__adhoc_playbook__"
        playbook = SimpleNamespace(_file_name=name, _basedir=str(Path(name).absolute().parent), get_plays=list)
        self._call("v2_playbook_on_start", playbook)

    def _play(self, event: PlayStarted) -> None:
        name = event.name or ",".join(event.hosts)
        variables = SimpleNamespace(get_vars=dict, extra_vars={})
        play = SimpleNamespace(
            name=name, get_name=lambda: name, _uuid=event.play, id=event.play, hosts=list(event.hosts),
            strategy=event.strategy, check_mode=event.check, get_variable_manager=lambda: variables, vars={}, tasks=[],
        )  # fmt: skip
        self._call("v2_playbook_on_play_start", play)
        if event.is_unmatched:
            self._call("v2_playbook_on_no_hosts_matched")

    def _begin(self, operation: str, host: str) -> None:
        planned, task = self._story.operation(operation), self._task(operation, host)
        if planned.action == "meta" and not self.plugin.wants_implicit_tasks:
            return
        if operation not in self._begun:
            self._begun.add(operation)
            if planned.is_handler:
                self._call("v2_playbook_on_handler_task_start", task)
            else:
                self._call("v2_playbook_on_task_start", task, is_conditional=False)
        if (operation, host) not in self._on and planned.action != "meta":
            self._on.add((operation, host))
            self._call("v2_runner_on_start", self._host(host), task)

    def _item(self, event: ItemFinished) -> None:
        if self._story.operation(event.operation).action in _INCLUDES and event.status is not Status.SKIPPED:
            return
        self._begin(event.operation, event.host)
        result = self._result(event.operation, event.host, event.result)
        self._differs(result)
        if event.status is Status.SKIPPED:
            self._call("v2_runner_item_on_skipped", result)
        elif event.status.is_bad or event.status is Status.IGNORED:
            self._call("v2_runner_item_on_failed", result)
        else:
            self._call("v2_runner_item_on_ok", result)

    def _finish(self, event: OperationFinished) -> None:
        planned = self._story.operation(event.operation)
        if planned.action == "meta":
            return
        self._begin(event.operation, event.host)
        self._on.discard((event.operation, event.host))
        is_away = event.status in (Status.UNREACHABLE, Status.LOST) or bool(event.result.get("unreachable"))
        result = self._result(event.operation, event.host, event.result, is_unreachable=is_away)
        for handler in _texts(event.effects.get("notified")):
            self._call("v2_playbook_on_notify", self._task(handler, event.host), self._host(event.host))
        includes = _texts(event.effects.get("includes"))
        if "results" not in event.result:
            self._differs(result)
        if is_away:
            self._call("v2_runner_on_unreachable", result)
        elif event.status.is_bad or event.status is Status.IGNORED:
            if includes and "reason" in event.result:
                self._call("v2_runner_on_ok", result)  # the include itself went well, what it brought could not be read
            self._call("v2_runner_on_failed", result, ignore_errors=event.status is Status.IGNORED)
        elif event.status is Status.SKIPPED:
            self._call("v2_runner_on_skipped", result)
        else:
            self._call("v2_runner_on_ok", result)
        for name in includes if planned.action != "include_role" and not event.status.is_bad else ():
            hosts = [self._host(event.host)]
            included = SimpleNamespace(_filename=name, _hosts=hosts, _task=result._task, _args={}, _vars={})
            self._call("v2_playbook_on_include", included)

    def _differs(self, result: TaskResult) -> None:
        wanted = self._settings.diff or self._story.operation(result._task._uuid).diff
        if wanted and result._result.get("diff") and result._result.get("changed"):
            self._call("v2_on_file_diff", result)

    def _remark(self, event: Noted) -> None:
        if event.severity == "job":
            what, _, rest = event.text.removeprefix("ASYNC ").partition(" on ")
            job = rest.partition("jid=")[2].split()[0]
            result = self._result(event.operation, event.host, {"ansible_job_id": job, "started": 1, "finished": 0})
            names = {"POLL": "poll", "OK": "ok", "FAILED": "failed"}
            self._call(f"v2_runner_on_async_{names.get(what, 'poll')}", result)
        elif self._inner is not None and not isinstance(self.plugin, DefaultCallback):
            self._screen.remark(event.severity, event.brief or event.text)

    def _end(self) -> None:
        self._is_over = True
        rows = {host: asdict(row) for host, row in wording.final_stats(self._story).items()}
        figures = self._story.finished.figures if self._story.finished else {}
        self._call("v2_playbook_on_stats", Stats(rows, figures))

    # ------------------------------------------------------------------ what it is told of

    def _host(self, name: str) -> Any:
        return SimpleNamespace(name=name, get_name=lambda: name, vars={}, get_vars=dict, groups=[], address=name)

    def _task(self, operation: str, host: str) -> Any:
        if operation not in self._tasks:
            planned = self._story.operation(operation)
            title = self._story.title(operation, host)
            path = planned.where.rpartition(":")[0]
            role = SimpleNamespace(_role_name=planned.role, get_name=lambda: planned.role, _role_path="")
            self._tasks[operation] = SimpleNamespace(
                name=title.removeprefix(f"{planned.role} : "), get_name=lambda *_, **__: title, _uuid=operation,
                action=planned.action, resolved_action=planned.action, args={}, no_log=False, get_path=lambda: path,
                tags=list(planned.tags), check_mode=planned.check, diff=planned.diff, _parent=None, _attributes={},
                _role=role if planned.role else None,
                implicit=planned.action in ("meta", "gather_facts"), connection="ssh", loop=None, loop_control=None,
                async_val=0, delegate_to=None, ignore_errors=None, register=None, vars={},
                when=[], environment=[],
            )  # fmt: skip
        return self._tasks[operation]

    def _result(
        self, operation: str, host: str, result: Mapping[str, Any], *, is_unreachable: bool = False
    ) -> TaskResult:
        return TaskResult(self._host(host), self._task(operation, host), result, is_unreachable=is_unreachable)


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []
