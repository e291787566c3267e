"""Explains a variable: its value on a host, every place that sets it, and which of them counts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.wiring import Loaded, compiled_plays, load, load_hosts
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.execution.context import PlayContext, RunContext
from provisioner.execution.fact_cache import open_cache
from provisioner.execution.inventory_state import InventoryState
from provisioner.execution.vars_files import vars_file_layers
from provisioner.graph.compile import CompiledPlay
from provisioner.graph.operation import Operation
from provisioner.loading.patterns import select
from provisioner.loading.variables import LOCAL
from provisioner.model.options import RunOptions
from provisioner.records import dataclass
from provisioner.syntax.vault import VaultText
from provisioner.variables.scope import Layer, Level, Scope

WIDTH = 60
LEVELS = {
    Level.COMMAND_LINE: "connection default",
    Level.ROLE_DEFAULTS: "role defaults",
    Level.GROUP_VARS_FILE: "inventory group vars",
    Level.INVENTORY_GROUP_VARS_ALL: "inventory group_vars/all",
    Level.PLAYBOOK_GROUP_VARS_ALL: "playbook group_vars/all",
    Level.INVENTORY_GROUP_VARS: "inventory group_vars",
    Level.PLAYBOOK_GROUP_VARS: "playbook group_vars",
    Level.HOST_VARS_FILE: "inventory host vars",
    Level.INVENTORY_HOST_VARS: "inventory host_vars",
    Level.PLAYBOOK_HOST_VARS: "playbook host_vars",
    Level.FACTS: "facts",
    Level.PLAY_VARS: "play vars",
    Level.VARS_PROMPT: "vars_prompt",
    Level.VARS_FILES: "vars_files",
    Level.ROLE_VARS: "role vars",
    Level.BLOCK_VARS: "block vars",
    Level.TASK_VARS: "task vars",
    Level.INCLUDE_VARS: "include_vars",
    Level.SET_FACTS: "set_fact and register",
    Level.ROLE_PARAMS: "role parameters",
    Level.INCLUDE_PARAMS: "include parameters",
    Level.EXTRA_VARS: "extra vars",
    Level.LOOP: "loop",
    Level.MAGIC: "magic",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One place that sets the variable: its level, where it is written, and the value there."""

    level: Level
    origin: str
    place: str
    written: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What holds in one place: a play, or a task of it. ``value`` is None where it cannot be told yet."""

    title: str
    value: str
    sources: tuple[Source, ...]
    remarks: tuple[str, ...] = ()


def explained(
    name: str, host: str, playbooks: Sequence[str], options: RunOptions, credentials: Credentials
) -> tuple[Part, ...]:
    """Return what a variable is on a host: in the inventory alone, or in each play that runs on that host.

    InputError where the host does not exist, or nothing sets the variable.
    """
    loaded = load(playbooks, options, credentials) if playbooks else load_hosts(options, credentials)
    if host not in loaded.inventory.hosts and host not in LOCAL:
        hint = nearest(host, loaded.inventory.hosts)
        raise InputError.at(None, f"the inventory has no host '{host}'", hint=hint)
    run = _run_context(loaded, options, credentials)
    parts: list[Part] = []
    known: set[str] = set()
    for compiled in compiled_plays(loaded, options):
        if playbooks and host not in _hosts(compiled, run):
            continue
        context = _context(compiled, run, host)
        known |= {str(each) for each in context.scope(host).known_names()}
        parts += _parts(name, host, context, shows_play=bool(playbooks))
    if not parts:
        where = f" in a play of {', '.join(playbooks)}" if playbooks else ""
        raise InputError.at(None, f"nothing sets '{name}' on {host}{where}", hint=nearest(name, known))
    return tuple(parts)


def as_text(name: str, host: str, parts: Sequence[Part]) -> str:
    """Return an explanation for people: the value, then every place, the one that counts marked with ``*``."""
    lines: list[str] = []
    for part in parts:
        lines += ["", part.title] if lines else [part.title]
        lines.append(f"{name} on {host} is {part.value}")
        wide = max((len(LEVELS[source.level]) for source in part.sources), default=0)
        for source in part.sources:
            mark = "*" if source.counts else " "
            places = source.place or source.origin
            lines.append(f"  {mark} {int(source.level):>2} {LEVELS[source.level]:<{wide}}  {places}: {source.written}")
        lines += [f"    {remark}" for remark in part.remarks]
    return "\n".join(lines)


def as_data(parts: Sequence[Part]) -> str:
    """Return an explanation as JSON."""
    data = [
        {
            "where": part.title,
            "value": part.value,
            "sources": [
                {
                    "level": int(source.level),
                    "name": LEVELS[source.level],
                    "origin": source.origin,
                    "place": source.place,
                    "written": source.written,
                    "counts": source.counts,
                }
                for source in part.sources
            ],
            "later": list(part.remarks),
        }
        for part in parts
    ]
    return json.dumps(data, indent=2, ensure_ascii=False)


def _run_context(loaded: Loaded, options: RunOptions, credentials: Credentials) -> RunContext:
    safe_names = loaded.loading.inventory.group_names in ("always", "silently")
    hosts = InventoryState(loaded.inventory, loaded.beside.of, has_safe_names=safe_names)
    return RunContext(
        options, hosts, loaded.renderer, loaded.loading, "", Path(os.devnull),
        credentials.redactor.learn, lambda: loaded.inventory, cache=open_cache(options.policy.cache),
    )  # fmt: skip


def _context(compiled: CompiledPlay, run: RunContext, host: str) -> PlayContext:
    play = compiled.play
    own = (Layer(Level.PLAY_VARS, f"vars of play '{play.name}'", play.vars),) if play.vars else ()
    context = PlayContext(run, compiled, own, (host,))
    context.host_layers = lambda _host, scope: vars_file_layers(play, run, scope)
    return context


def _hosts(compiled: CompiledPlay, run: RunContext) -> Sequence[str]:
    layer = Layer(Level.PLAY_VARS, "play", compiled.play.vars)
    extra = Layer(Level.EXTRA_VARS, "extra vars", run.options.extra_vars)
    pattern = run.renderer.render(compiled.play.hosts, Scope((layer, extra)))
    words = [str(each) for each in pattern] if isinstance(pattern, list) else str(pattern)
    return tuple(select(run.inventory.inventory, words))


def _parts(name: str, host: str, context: PlayContext, *, shows_play: bool) -> Iterator[Part]:
    """Yield what holds in the play itself, then in each task that sees something else."""
    play = context.compiled.play
    tasks = list(context.compiled.graph.tasks) if shows_play else []
    later = tuple(_later(name, tasks))
    title = f"in play '{play.name}' ({play.position})" if shows_play else f"in the inventory of {host}"
    scope = context.scope(host)
    before = _sources(name, scope)
    if before or later:
        yield Part(title, _value(name, scope, context) if before else "not set before the tasks run", before, later)
    seen = {before}
    for task in tasks:
        inner = context.operation_scope(task, host)
        sources = _sources(name, inner)
        if sources and sources not in seen:
            seen.add(sources)
            yield Part(f"in task '{task.title}' ({task.position})", _value(name, inner, context), sources)


def _sources(name: str, scope: Scope) -> tuple[Source, ...]:
    found: list[Source] = []
    for layer, value in scope.explain(name):
        place = _place(name, value, layer.values)
        source = Source(layer.level, layer.origin, str(place or ""), _shown(value), not found)
        if not any((source.level, source.place, source.origin) == (s.level, s.place, s.origin) for s in found):
            found.append(source)
    if scope.merges and all(isinstance(value, Mapping) for _layer, value in scope.explain(name)):
        return tuple(Source(s.level, s.origin, s.place, s.written, counts=True) for s in found)
    return tuple(found)


def _place(name: str, value: object, values: Mapping[str, object]) -> Position | None:
    key = next((key for key in values if key == name), None)
    return position_of(key) or position_of(value)


def _value(name: str, scope: Scope, context: PlayContext) -> str:
    try:
        value = context.run.renderer.variable(name, scope)
        if type(value).__name__ == "Missing":
            value = context.run.renderer.render(f"{{{{ {name} }}}}", scope)
    except (InputError, KeyError) as error:
        said = str(error).splitlines()
        return f"not known: {said[0]}" if said else "not known"
    return _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, VaultText):
        return "a vault value"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."


def _later(name: str, tasks: Sequence[Operation]) -> Iterator[str]:
    """Yield the tasks that set the variable while the play runs: then their value counts over most others."""
    for operation in tasks:
        task, where = operation.task, f"at {operation.position}"
        if task is None:
            continue
        if task.action == "set_fact" and name in task.args:
            yield f"set_fact {where} sets it to {_shown(task.args[name])} once it has run"
        if task.register == name:
            yield f"register {where} sets it to the result of '{operation.title}' once that has run"
        if task.action == "include_vars":
            yield f"include_vars {where} may set it once it has run"
        if task.loop is not None and task.loop.control.loop_var == name:
            yield f"the loop {where} sets it to each of its items"
