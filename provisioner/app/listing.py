"""What would run, without running it: hosts, tasks, tags, and the check of everything that needs no host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner import catalog
from provisioner.app.credentials import Credentials
from provisioner.app.wiring import Loaded, compiled_plays, load
from provisioner.graph.compile import CompiledPlay
from provisioner.graph.operation import Operation, Section
from provisioner.loading.patterns import select
from provisioner.model.options import RunOptions
from provisioner.variables.scope import Layer, Level, Scope

MIGRATIONS = "provisioner.app.migrating.drawing"


def checked(paths: Sequence[str], options: RunOptions, credentials: Credentials) -> str:
    """Load and compile everything; InputError carries what is wrong. Returns the playbooks' names as text."""
    loaded = whole(load(paths, options, credentials))
    compiled_plays(loaded, options)
    return "\n".join(f"playbook: {path}" for path in paths)


def listed(paths: Sequence[str], options: RunOptions, credentials: Credentials, what: str) -> str:
    """Return the hosts, tasks or tags of each play as text, laid out as ansible-playbook does."""
    loaded = whole(load(paths, options, credentials))
    lines = [f"playbook: {path}" for path in paths]
    for number, compiled in enumerate(compiled_plays(loaded, options), start=1):
        lines += ["", _headline(compiled, number)]
        lines += {"hosts": _hosts, "tasks": _tasks, "tags": _tags}[what](loaded, compiled, options)
    return "\n".join(lines)


def whole(loaded: Loaded) -> Loaded:
    """Return what was loaded with the phases of migrations as plays, which are looked at only where there are any."""
    found: Loaded = catalog.part(MIGRATIONS).with_migrations(loaded) if loaded.playbook.migrations else loaded
    return found


def _headline(compiled: CompiledPlay, number: int) -> str:
    play = compiled.play
    hosts = ",".join(play.hosts) if isinstance(play.hosts, list) else str(play.hosts)
    tags = ", ".join(dict.fromkeys(play.keywords.tags))
    return f"  play #{number} ({hosts}): {play.name}\tTAGS: [{tags}]"


def _hosts(loaded: Loaded, compiled: CompiledPlay, options: RunOptions) -> list[str]:
    scope = Scope(
        (Layer(Level.PLAY_VARS, "play", compiled.play.vars), Layer(Level.EXTRA_VARS, "-e", options.extra_vars))
    )
    pattern = loaded.renderer.render(compiled.play.hosts, scope)
    words = [str(p) for p in pattern] if isinstance(pattern, list) else str(pattern)
    within = select(loaded.inventory, options.limit) if options.limit else None
    found = select(loaded.inventory, words, within=within)
    shown = words if isinstance(words, list) else [words]
    return [f"    pattern: {shown}", f"    hosts ({len(found)}):", *(f"      {host}" for host in found)]


def _tasks(_loaded: Loaded, compiled: CompiledPlay, _options: RunOptions) -> list[str]:
    return ["    tasks:", *(f"      {_name(o)}\tTAGS: [{', '.join(_tags_of(o))}]" for o in _written(compiled))]


def _tags(_loaded: Loaded, compiled: CompiledPlay, _options: RunOptions) -> list[str]:
    found = sorted({tag for o in _written(compiled) for tag in _tags_of(o)})
    return [f"      TASK TAGS: [{', '.join(found)}]"]


def _name(operation: Operation) -> str:
    """Return what ansible-playbook lists: names with their role, without a name the action alone."""
    task = operation.task
    if task is None or not task.name:
        return "" if task is None else task.written_action or task.action
    return task.name if task.action == "include_role" else operation.title


def _written(compiled: CompiledPlay) -> Iterator[Operation]:
    """Yield the tasks of a play as they are written, without those that only a failure or a block's end brings."""
    for operation in compiled.graph.operations:
        is_beside = any(branch.section is not Section.BLOCK for branch in operation.branches)
        if operation.task is not None and operation.section != "facts" and not is_beside:
            yield operation


def _tags_of(operation: Operation) -> list[str]:
    return sorted(set(map(str, operation.keywords.tags)))
