"""Runs the user's own action plugins: a class ActionModule with ``run(tmp, task_vars)`` in a Python file.

The plugin runs in a thread of its own and asks; the attempt waits for its next question in the pool of threads, does
what was asked as any action would, and answers. So whatever a plugin does on hosts goes the way of all calls.
"""

from __future__ import annotations

import copy
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType, SimpleNamespace
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.errors import InputError, TargetError, Unreachable
from provisioner.diagnostics.home import expanded
from provisioner.execution import action_interface, bridging
from provisioner.execution.action_interface import ActionBase, Connection, Finder, Templar
from provisioner.execution.judge import result_of
from provisioner.execution.needs import PluginBegins, Result, Steps, locally, never_last
from provisioner.execution.task_run import ActionCall
from provisioner.loading import stand_ins
from provisioner.loading.action import canonical
from provisioner.model.call import ABOUT_CONNECTION
from provisioner.records import dataclass
from provisioner.remote.params import BadParameters
from provisioner.templating.errors import UndefinedVariable
from provisioner.templating.interface import (
    ActionDone,
    AnsibleActionSkip,
    AnsibleConnectionFailure,
    AnsibleUndefinedVariable,
)
from provisioner.templating.lookup_base import AnsibleError, Display
from provisioner.templating.project_plugins import import_file
from provisioner.variables.scope import Layer, Level, Scope

Act = Callable[[ActionCall, str, bool], Steps]
"""What does a task's work by name for a plugin; the last argument says whether a module is meant and no action."""


class Abandoned(BaseException):
    """Raised in a plugin's thread where nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a plugin returned, or raised."""

    value: Any = None
    error: Exception | None = None


class Conversation:
    """A plugin in its thread: it asks, and waits for the answer."""

    def __init__(self, work: Callable[[Conversation], Any]) -> None:
        self._said: SimpleQueue[Callable[[], Steps] | Ended] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        threading.Thread(target=self._run, args=(work,), name="action plugin", daemon=True).start()

    def _run(self, work: Callable[[Conversation], Any]) -> None:
        try:
            self._said.put(Ended(work(self)))
        except Abandoned:
            return
        except Exception as error:  # noqa: BLE001 - the plugin is somebody else's code: what it raises fails the task
            self._said.put(Ended(error=error))

    def ask(self, steps: Callable[[], Steps]) -> Any:
        """Have something done (in the plugin's thread); return what came of it."""
        self._said.put(steps)
        value, error = self._answers.get()
        if error is not None:
            raise error
        return value

    def heard(self) -> Callable[[], Steps] | Ended:
        """Wait for what the plugin says next."""
        return self._said.get()

    def answer(self, value: Any = None, error: BaseException | None = None) -> None:
        """Answer what was asked last."""
        self._answers.put((value, error))


def run(call: ActionCall, path: str, act: Act) -> Steps:
    """Run the plugin; what it raises fails the task.

    It begins when it is its turn and not before, as what it does on the controller cannot be taken back.
    """
    imported = _imported(path, call)
    prepared = _Task(call)
    yield PluginBegins(path)
    talk = Conversation(lambda each: prepared.run(imported, _Asking(call, each, act)))
    try:
        while True:
            said = yield from locally(talk.heard)
            if isinstance(said, Ended):
                return _result(said)
            try:
                value: Any = yield from said()
            except (TargetError, InputError, BadParameters) as error:
                talk.answer(error=_as_theirs(error))
            else:
                talk.answer(value)
    finally:
        talk.answer(error=Abandoned())


def _as_theirs(error: Exception) -> Exception:
    """Return an error of ours as plugins know it."""
    if isinstance(error, TargetError):
        return AnsibleConnectionFailure(str(error), cause=error)
    kind = AnsibleUndefinedVariable if isinstance(error, UndefinedVariable) else AnsibleError
    made: Exception = kind(error.said() if isinstance(error, (InputError, BadParameters)) else str(error))
    return made


def _result(said: Ended) -> Result:
    error = said.error
    if error is None:
        return _plain_result(said.value)
    if isinstance(error, AnsibleConnectionFailure):
        raise error.cause or Unreachable(str(error))
    if isinstance(error, ActionDone):
        return _plain_result(error.result)
    if isinstance(error, AnsibleActionSkip):
        return {**error.result, "skipped": True, "changed": False, "msg": str(error)}
    failed: Result = {"failed": True, "changed": False}
    if isinstance(error, AnsibleError):
        return {**failed, **getattr(error, "result", {}), "msg": str(error), "failed": True}
    text = "".join(traceback.format_exception(error))
    return {**failed, "msg": f"Unexpected failure during module execution: {error}", "exception": text, "stdout": ""}


def _plain_result(value: Any) -> Result:
    """Return what a plugin returned as plain data that is the task's alone."""
    if not isinstance(value, Mapping):
        text = f"the action plugin returned {type(value).__name__}, and not a dictionary"
        return {"failed": True, "changed": False, "msg": text}
    try:
        return {str(name): _plain(each) for name, each in value.items()}
    except Exception as error:  # noqa: BLE001 - what somebody's object raises when it is looked at
        return {"failed": True, "changed": False, "msg": str(error)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, (str, int, float, type(None))) else str(copy.deepcopy(value))


def _imported(path: str, call: ActionCall) -> ModuleType:
    """Import a plugin, with our names for what it wants of ansible; InputError where it cannot be."""
    place = bridging.place_of(call.run.play, call.run.operation)
    with stand_ins.meaning(action_interface.interface()):
        found = import_file(Path(path), "action", place.collections, is_provided=True)
    if not hasattr(found, "ActionModule"):
        raise InputError.at(call.run.operation.position, f"action plugin {path} has no class ActionModule")
    return found


class _Task:
    """What a plugin is told of its task, taken together before its thread begins."""

    def __init__(self, call: ActionCall) -> None:
        run, resolved = call.run, call.resolved
        become = resolved.route.become
        self.variables = _variables(call.scope)
        self.transport = resolved.route.target.connection
        role = run.operation.role
        self.play_context = SimpleNamespace(
            check_mode=resolved.check, diff=resolved.diff, remote_addr=resolved.route.target.address,
            remote_user=resolved.route.target.user, port=resolved.route.target.port, connection=self.transport,
            become=become is not None, become_user=become.user if become else None,
            become_method=become.method if become else None, verbosity=run.play.run.options.verbosity,
            no_log=resolved.no_log, timeout=resolved.route.target.connect_timeout_s, network_os=None,
        )  # fmt: skip
        self.task = SimpleNamespace(
            args=copy.deepcopy(dict(resolved.args)), action=run.task.written_action or resolved.action,
            name=run.task.name, get_name=lambda: run.task.title, check_mode=resolved.check, diff=resolved.diff,
            async_val=0, environment=[dict(resolved.environment)], delegate_to=resolved.delegated_to or None,
            no_log=resolved.no_log, register=run.task.register, become=become is not None, vars={}, loop=None,
            resolved_action=resolved.action, _uuid=run.operation.id, ignore_errors=resolved.keywords.ignore_errors,
            _role=SimpleNamespace(_role_name=role.name, _role_path=role.path, get_name=lambda: role.full_name)
            if role else None,
        )  # fmt: skip
        self.task.display = Display()
        self.task.display.verbosity = run.play.run.options.verbosity
        self._basedir = run.play.compiled.play.basedir

    def run(self, imported: ModuleType, asks: _Asking) -> Any:
        """Make the plugin and run it (in its thread)."""
        self.task.asks = asks
        templar = Templar(asks, self.variables)
        loader = SimpleNamespace(
            get_basedir=lambda: self._basedir, path_dwim=lambda name: str(Path(self._basedir, expanded(name))),
            get_real_file=lambda name, **_: name, path_exists=lambda name: Path(name).exists(),
            cleanup_tmp_file=lambda _name: None, is_file=lambda name: Path(name).is_file(),
        )  # fmt: skip
        shared = SimpleNamespace(action_loader=Finder(_known), module_loader=Finder(_known))
        made: ActionBase = imported.ActionModule(self.task, None, self.play_context, loader, templar, shared)
        made._connection = Connection(made, self.transport, asks)
        try:
            return made.run(None, self.variables)
        finally:
            made.cleanup()


def _variables(scope: Scope) -> dict[str, Any]:
    """Return every variable as it is written: plugins render what they use."""
    found = {name: scope.find(name) for name in scope.names()}
    return {name: each.value for name, each in found.items() if each is not None}


def _known(name: str) -> type[ActionBase] | None:
    """Return what stands for an action or module that a plugin looks for by name."""
    plain = canonical(name)
    if plain in ("normal", "ansible.legacy.normal"):
        return action_interface.Normal
    is_known = plain in catalog.names("action") or plain in catalog.names("module")
    return action_interface.built_in(name) if is_known else None


class _Asking:
    """Asks the attempt for a plugin."""

    def __init__(self, call: ActionCall, talk: Conversation, act: Act) -> None:
        self._call, self._talk, self._act = call, talk, act

    def module(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Run a module, whoever it is from; the task's own name means what it means where the task stands."""
        is_own = "." not in name and name == self._call.run.task.written_action
        name = self._call.resolved.action if is_own else name
        return self._done(self._call, name, args, as_module=True)

    def action(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a task of that name would."""
        return self._done(self._call, name, args, as_module=False)

    def probe(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Run a module of ours, whatever mode the run is in."""
        done = self._done(self._in_earnest, name, args, as_module=True)
        if done.get("failed"):
            raise AnsibleError(str(done.get("msg", f"{name} failed")))
        return done

    def command(self, line: str, **how: Any) -> dict[str, Any]:
        """Run a command line through the host's shell."""
        args: dict[str, Any] = {"_raw_params": line, "strip_empty_ends": False}
        stdin = how.get("stdin")
        if stdin is not None:
            args.update(stdin=stdin.decode() if isinstance(stdin, bytes) else stdin, stdin_add_newline=False)
        args.update({name: how[name] for name in ("executable", "chdir") if how.get(name)})
        done = self._done(self._in_earnest, "shell", args, as_module=True)
        return {"rc": 1, "stdout": "", "stderr": str(done.get("msg", "")), **done}

    def send(self, source: Path | bytes, path: str) -> None:
        """Write a file on the host."""
        steps = lambda: never_last(_sent(self._in_earnest, source, path))  # noqa: E731 - one line, used once
        done = self._talk.ask(steps)
        if done.get("failed"):
            raise AnsibleError(str(done.get("msg")))

    def render(self, value: Any, *, strict: bool, variables: Mapping[str, Any] | None) -> Any:
        """Render on the deciding thread."""
        scope, renderer = self._call.scope, self._call.renderer
        if variables is not None:
            scope = scope.with_layers(Layer(Level.EXTRA_VARS, "action plugin", variables))
        work = renderer.render if strict else renderer.render_known
        return self._talk.ask(lambda: _at_once(lambda: work(value, scope)))

    def variable(self, name: str) -> Any:
        """Return a variable, rendered."""
        found = self._call.scope.find(name)
        return None if found is None else self.render(found.value, strict=True, variables=None)

    def folder(self) -> str:
        """Return where what it ran last is kept."""
        return self._call.run.folder

    def connection(self, option: str | None = None) -> Any:
        """Ask the connection plugin."""
        if self._call.resolved.route.target.plugin is None:
            return None
        params = {} if option is None else {"option": option}
        done = self._talk.ask(lambda: never_last(_told(self._in_earnest, params)))
        if done.get("failed"):
            raise KeyError(str(done.get("msg")))
        return done if option is None else done["value"]

    def find(self, name: str, folder: str) -> str:
        """Return the path of a file of the controller's."""
        return str(self._talk.ask(lambda: _at_once(lambda: self._call.find_file(name, folder))))

    @property
    def _in_earnest(self) -> ActionCall:
        return replace(self._call, resolved=replace(self._call.resolved, check=False))

    def _done(self, call: ActionCall, name: str, args: Mapping[str, Any], *, as_module: bool) -> dict[str, Any]:
        inner = replace(call, resolved=replace(call.resolved, args=args, action=canonical(name)))
        found: dict[str, Any] = self._talk.ask(lambda: never_last(self._act(inner, name, as_module)))
        return found


def _at_once(work: Callable[[], Any]) -> Any:
    yield from ()  # it needs nothing of the world
    return work()


def _sent(call: ActionCall, source: Path | bytes, path: str) -> Steps:
    reply = yield call.remote("copy", {"dest": path, "_original_basename": Path(path).name}, body=source, last=False)
    return dict(reply.result or {"failed": True, "msg": str(reply.error)})


def _told(call: ActionCall, params: Mapping[str, Any]) -> Steps:
    reply = yield call.remote(ABOUT_CONNECTION, params, last=False)
    return result_of(reply)
