"""Renders a task's keywords and arguments for one host: the first step of every attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.execution.context import Live
from provisioner.execution.task_run import Resolved, TaskRun
from provisioner.loading.action import VARIABLE_PARAMS, canonical, meant
from provisioner.model.keywords import UNSET, Keywords
from provisioner.remote.params import boolean
from provisioner.templating.errors import TemplateError, UndefinedVariable
from provisioner.templating.omit import is_omit, strip_omit
from provisioner.variables.hostvars import HostView
from provisioner.variables.scope import Layer, Level, Scope

TEMPLATED = (
    "become", "become_user", "become_method", "become_flags", "become_exe", "connection", "port", "remote_user",
    "check_mode", "diff", "no_log", "ignore_errors", "ignore_unreachable", "delegate_to", "delegate_facts",
    "any_errors_fatal", "timeout", "run_once",
)  # fmt: skip
BOOLEAN = frozenset(
    {
        "check_mode", "diff", "no_log", "ignore_errors", "ignore_unreachable", "delegate_facts", "any_errors_fatal",
        "run_once",
    }
)  # fmt: skip


OF_THE_WAY = ("ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port")
_BUILTIN, _LEGACY = "ansible.builtin.", "ansible.legacy."
GATHERING = frozenset({"setup", "gather_facts"})
"""Actions that bring what ``environment`` may be written with, and so do without what they are to find out."""


def rendered_keywords(keywords: Keywords, run: TaskRun, scope: Scope) -> Keywords:
    """Return the keywords with templates rendered and truth values as such."""
    changes: dict[str, Any] = {}
    for name in TEMPLATED:
        value = getattr(keywords, name)
        if value is UNSET:
            continue
        if isinstance(value, str):
            value = run.renderer.render(value, scope)
            value = _around(name, run, scope) if is_omit(value) else value
        if name in BOOLEAN and value is not UNSET:
            value = _truth(name, value, run)
        if value is not getattr(keywords, name):
            changes[name] = value
    return replace(keywords, **changes) if changes else keywords


def _around(name: str, run: TaskRun, scope: Scope) -> Any:
    """Return what a keyword is where the task omits it: what block, role or play say."""
    value = getattr(run.operation.outer, name)
    if isinstance(value, str):
        value = run.renderer.render(value, scope)
    return UNSET if is_omit(value) else value


def _truth(name: str, value: Any, run: TaskRun) -> bool:
    try:
        return value is not None and value != "" and boolean(value)
    except ValueError as error:
        raise InputError.at(run.operation.position, f"'{name}': {error}") from None


def resolve(run: TaskRun, scope: Scope) -> Resolved:
    """Return everything about the task that depends on the host or loop item."""
    options = run.play.run.options
    action = _action(run, scope)
    keywords = rendered_keywords(run.operation.keywords, run, scope)
    delegate = str(keywords.delegate_to) if keywords.delegate_to not in (UNSET, None, "") else ""
    scope = scope.with_layers(*delegated_layers(run, delegate))
    return Resolved(
        args=_arguments(run, scope, keywords, action),
        keywords=keywords,
        route=run.play.route(
            delegate or run.host, keywords, _way_scope(run, scope, delegate), of=run.host if delegate else ""
        ),
        environment=_environment(run, scope, keywords),
        check=options.check if keywords.check_mode is UNSET else bool(keywords.check_mode),
        diff=options.diff if keywords.diff is UNSET else bool(keywords.diff),
        no_log=bool(keywords.no_log),
        delegated_to=delegate,
        action=action,
    )


def _way_scope(run: TaskRun, scope: Scope, delegate: str) -> Scope:
    """Return what says how the host is reached: of a delegated task the delegate's variables and the task's own."""
    if not delegate:
        return scope
    own = Layer(Level.MAGIC, "delegation", {"inventory_hostname": run.host}, rendered=True)
    return run.play.operation_scope(run.operation, delegate).with_layers(own)


def refuse_wrong_delegate(run: TaskRun, scope: Scope) -> None:
    """Raise InputError where ``delegate_to`` names a host without a name or breaks down, whatever ``when`` says."""
    written = run.operation.keywords.delegate_to
    if not isinstance(written, str) or "{" not in written:
        return
    try:
        is_empty = run.renderer.render(written, scope) in ("", None)
    except InputError as error:
        if isinstance(error, TemplateError) and error.is_unexpected:
            raise
        return  # the task fails with it, unless it is skipped
    if is_empty:
        text = f'Empty hostname produced from delegate_to: "{written}"'
        hint = "to stay on the task's own host where there is no other, write | default(omit, true)"
        raise InputError.at(position_of(written) or run.operation.position, text, hint=hint)


def delegated_layers(run: TaskRun, delegate: str) -> tuple[Layer, ...]:
    """Return what a delegated task sees besides: the variables of the host it goes to, and by themselves those of the
    way there that its own host has not."""
    if not delegate:
        return ()
    own = Layer(Level.MAGIC, "delegation", {"inventory_hostname": run.host}, rendered=True)
    seen = run.play.scope(delegate).with_layers(own)
    view = HostView(seen, run.renderer)
    way = Live({}, {name: partial(view.__getitem__, name) for name in OF_THE_WAY if name in seen})
    return (
        Layer(Level.COMMAND_LINE, "delegation", way, rendered=True),
        Layer(Level.MAGIC, "delegation", {"ansible_delegated_vars": {delegate: view}}, rendered=True),
    )


def _action(run: TaskRun, scope: Scope) -> str:
    """Return what the task runs; its name may be a template."""
    name = run.task.action
    return canonical(run.renderer.text(name, scope).strip()) if "{{" in name else name


def limit_s(run: TaskRun, keywords: Keywords, scope: Scope) -> float:
    """Return the time limit in seconds (``timeout``), 0 for none; InputError where it is no number."""
    written = None if keywords.timeout is UNSET else keywords.timeout
    written = written or run.play.run.options.policy.task_timeout_s
    value = run.renderer.render(written, scope)
    try:
        return float(str(value or 0))
    except ValueError:
        raise InputError.at(run.operation.position, f"a time limit is a number of seconds, not '{value}'") from None


def _arguments(run: TaskRun, scope: Scope, keywords: Keywords, action: str) -> Mapping[str, Any]:
    written: dict[str, Any] = {**module_defaults(run, scope, keywords, action), **run.task.args}
    whole = written.pop(VARIABLE_PARAMS, None)
    if whole is not None:
        values = run.renderer.render(whole, scope)
        if not isinstance(values, dict):
            raise InputError.at(position_of(whole), "the task's arguments do not come out as a dictionary")
        written = {**values, **written}
    rendered = strip_omit(run.renderer.render(written, scope))
    if not isinstance(rendered, dict):
        raise InputError.at(run.operation.position, "the task's arguments do not come out as a dictionary")
    return rendered


def module_defaults(run: TaskRun, scope: Scope, keywords: Keywords, action: str) -> dict[str, Any]:
    """Return what ``module_defaults`` gives a module; what names a module wins over its groups.

    A table further in replaces what those around it say of the same module or group, as a whole.
    """
    of_groups: dict[str, object] = {}
    found: dict[str, object] = {}
    searched = run.operation.keywords.collections
    for table in keywords.module_defaults:
        for name, values in table.items():
            if str(name).startswith("group/"):
                if _is_in_group(action, str(name)[6:], searched, run):
                    of_groups[str(name)] = values
            elif _is_meant(action, str(name), run):
                found[canonical(str(name))] = values
    rendered = (run.renderer.render(values, scope) for values in (*of_groups.values(), *found.values()))
    return {key: value for values in rendered if isinstance(values, dict) for key, value in values.items()}


def _is_meant(action: str, name: str, run: TaskRun) -> bool:
    """Tell whether a name in ``module_defaults`` means what the task runs: also by redirects of collections."""
    if name.startswith(_BUILTIN) and run.task.written_action.startswith(_LEGACY):
        return False  # that name means also what stands beside the playbook
    names = _full_names(name, run.operation.keywords.collections)
    if action in names or canonical(name) == action:
        return True
    installed = run.play.run.loading.collections
    found = [meant(each, installed) for each in names if "." in action]
    return action in {each.name for each in found if each is not None}


def _full_names(name: str, searched: Iterable[object]) -> list[str]:
    """Return what a name may mean: itself, and where it is a short one, that of each collection searched."""
    return [name] if "." in name else [name, *(f"{collection}.{name}" for collection in searched)]


def _is_in_group(action: str, group: str, searched: Iterable[object], run: TaskRun) -> bool:
    collections = run.play.run.loading.collections
    return any(action in (collections.action_group(each) or ()) for each in _full_names(group, searched))


def _known(part: object, run: TaskRun, scope: Scope) -> object:
    """Return a part of ``environment`` rendered; of a task that gathers facts, what can be rendered."""
    if run.task.action not in GATHERING or not isinstance(part, Mapping):
        return run.renderer.render(part, scope)
    found = {}
    for name, value in part.items():
        try:
            found[name] = run.renderer.render(value, scope)
        except UndefinedVariable:
            continue
    return found


def _environment(run: TaskRun, scope: Scope, keywords: Keywords) -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for written in keywords.environment:
        for part in written if isinstance(written, (list, tuple)) else (written,):
            values = strip_omit(_known(part, run, scope))
            if isinstance(values, dict):
                merged.update({str(k): str(v) for k, v in values.items()})
            elif values not in (None, ""):
                raise InputError.at(run.operation.position, "'environment' must come out as a dictionary")
    return merged
