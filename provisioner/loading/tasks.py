"""Reads tasks and blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from provisioner.diagnostics.diagnostic import Findings, Found
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, Source, position_of
from provisioner.loading.action import STATIC, read_action, unknown_module
from provisioner.loading.graphing import GRAPHING_KEYS, PLAY_ONLY, read_checks, read_graphing, refuse_play_only
from provisioner.loading.guarding import read_guard
from provisioner.loading.keywords import (
    SHARED,
    VARIABLE,
    Item,
    read_bool,
    read_conditions,
    read_int,
    read_keywords,
    read_number,
    read_text,
    read_texts,
    wrong_type,
    wrong_value,
)
from provisioner.loading.reading import Action, Reading, is_template, kind_of
from provisioner.model.keywords import Keywords
from provisioner.model.task import Block, Loop, LoopControl, Node, Task, Until

TASK_KEYS = (
    SHARED
    | GRAPHING_KEYS
    | {"name", "action", "local_action", "args", "register", "loop", "loop_control", "until", "retries", "delay",
       "changed_when", "failed_when", "async", "poll", "revert", "listen"}
)  # fmt: skip
"""Every key of a task that is no module and no ``with_`` loop."""

BLOCK_KEYS = SHARED | GRAPHING_KEYS | {"name", "block", "rescue", "always", "revert", "guard"}
"""Every key of a block."""

_INCLUDES = {"include_tasks": "TaskInclude", "include_role": "IncludeRole"}
_LOOP_CONTROL = frozenset({"loop_var", "index_var", "label", "pause", "extended", "extended_allitems", "break_when"})
_OLD = {
    "sudo": "become",
    "sudo_user": "become_user",
    "su": "become",
    "su_user": "become_user",
    "always_run": "check_mode: false",
    "include_vars_files": "include_vars",
}


def place_of(written: Mapping[str, object], reading: Reading) -> Position:
    """Return where a mapping begins."""
    found = position_of(dict(written))
    return found or Position(Source(reading.open_files[-1] if reading.open_files else reading.folder), 1, 1)


def read_list(written: Mapping[str, object], key: str, reading: Reading) -> tuple[Node, ...]:
    """Return the tasks and blocks under a key."""
    return read_nodes(written.get(key), reading, key, _at(written, key))


def read_nodes(value: object, reading: Reading, what: str = "tasks", at: Position | None = None) -> tuple[Node, ...]:
    """Return the tasks and blocks of a list; imports are read in place. Mistakes are recorded and left out."""
    if value is None:
        return ()
    if not isinstance(value, list):
        said = f"{value} should be a list or None but is {type(value)}"
        reading.error(f"'{what}' must be a list of tasks, not {kind_of(value)}", position_of(value) or at,
                      hint="begin each task with a dash",
                      known_as=f"A malformed block was encountered while loading {what}: {said}")  # fmt: skip
        return ()
    nodes = []
    for each in value:
        if not isinstance(each, dict) or not each:
            where = position_of(each) or position_of(value) or at
            reading.error(f"a task must be a mapping, not {kind_of(each)}", where,
                          hint="write 'module: parameters' below the dash")  # fmt: skip
            continue
        node = read_node(each, reading)
        if node is not None:
            nodes.append(node)
    return tuple(nodes)


def read_node(written: dict[str, object], reading: Reading) -> Node | None:
    """Return a task, a block, or what an import gives."""
    keys = _string_keys(written, reading)
    if keys is None:
        return None
    if "block" in written or "rescue" in written or "always" in written:
        return _read_block(written, reading)
    return _read_task(written, reading)


def _string_keys(written: Mapping[str, object], reading: Reading) -> list[str] | None:
    wrong = [key for key in written if not isinstance(key, str)]
    for key in wrong:
        reading.error(f"'{key}' cannot be a key of a task", place_of(written, reading), hint="quote it")
    return None if wrong else list(written)


def _read_block(written: dict[str, object], reading: Reading) -> Block | None:
    position = place_of(written, reading)
    refuse_play_only(written, "block", reading)
    for key in written:
        if key not in BLOCK_KEYS and key not in PLAY_ONLY:
            reading.unknown_key(key, "block", BLOCK_KEYS)
    if "block" not in written:
        reading.error("'rescue' and 'always' belong to a block, and there is no 'block' beside them", position)
        return None
    if reading.in_handlers:
        reading.error("a block cannot be a handler", position, hint="write its tasks to a file and use include_tasks",
                      known_as="Using a block as a handler is not supported.")  # fmt: skip
    keywords = read_keywords(written, "block", reading)
    inner = reading.with_constants(_merged(keywords)).with_collections(keywords.collections)
    revert = read_list(written, "revert", inner)
    return Block(
        read_list(written, "block", inner),
        position,
        rescue=read_list(written, "rescue", inner),
        always=read_list(written, "always", inner),
        name=_text(written, "name", "block", reading),
        keywords=keywords,
        graphing=read_graphing(written, "block", reading),
        verify=read_checks(written["verify"], position, reading) if "verify" in written else (),
        revert=revert,
        guard=read_guard(written, revert, reading),
    )


def _merged(keywords: Keywords) -> dict[str, object]:
    return {key: value for layer in keywords.vars for key, value in layer.items()}


def _text(written: Mapping[str, object], key: str, thing: str, reading: Reading) -> str:
    if written.get(key) is None:
        return ""
    value = read_text(Item(key, written[key], thing), reading)
    return value if isinstance(value, str) else ""


def _read_task(written: dict[str, object], reading: Reading) -> Node | None:
    """Return a task, or what an import gives; a task keeps its own mistakes, for a run that is to end with them."""
    own = replace(reading, findings=Findings())
    node = _task_or_import(written, own)
    mistakes = tuple(each for each in own.findings.errors if each.found is Found.RUNNING)
    if isinstance(node, Task):
        reading.findings.extend(own.findings.all)
        return replace(node, mistakes=mistakes) if mistakes else node
    # nothing of an import is left to fail when it would run
    reading.findings.extend(replace(d, found=Found.LOADING) if d in mistakes else d for d in own.findings.all)
    return node


def _task_or_import(written: dict[str, object], reading: Reading) -> Node | None:
    position = place_of(written, reading)
    if "collections" in written:
        own = read_texts(Item("collections", written["collections"], "task"), reading)
        reading = reading.with_collections(own)
    action = _find_action(written, position, reading)
    if action is None:
        return None
    keywords = _with_action(read_keywords(written, "task", reading), action)
    if action.name in STATIC:
        return reading.importer(written, action, keywords, reading)
    return make_task(written, action, keywords, reading)


def _with_action(keywords: Keywords, action: Action) -> Keywords:
    if action.is_local:
        keywords = replace(keywords, delegate_to="localhost")
    if action.more_vars:
        keywords = replace(keywords, vars=(*keywords.vars, action.more_vars))
    return keywords


def _find_action(written: dict[str, object], position: Position, reading: Reading) -> Action | None:
    candidates = [key for key in written if key not in TASK_KEYS and not key.startswith("with_")]
    later = [key for key in candidates if key in PLAY_ONLY]
    refuse_play_only(written, "task", reading)
    candidates = [key for key in candidates if key not in PLAY_ONLY]
    before = len(reading.findings.errors)
    action = read_action(written, candidates, position, reading)
    unknown = [key for key in candidates if action is None or key != action.written]
    if action is None and len(reading.findings.errors) > before:
        return None
    if action is None:
        _no_action(unknown, bool(later), written, reading)
        return None
    for key in unknown:
        _unknown_key(key, reading)
    _refuse_misplaced(action, written, position, reading)
    return action


def _refuse_misplaced(action: Action, written: dict[str, object], position: Position, reading: Reading) -> None:
    """Record what may not stand among handlers, or only there."""
    if reading.in_handlers and action.name in ("include_role", "import_role"):
        reading.error("a role cannot be a handler", position, hint="use import_tasks or include_tasks",
                      known_as=f"Using '{action.written}' as a handler is not supported.")  # fmt: skip
    if action.name == "meta" and "end_role" in action.args.values():
        _refuse_end_role(position, reading)
    if "listen" in written and not reading.in_handlers:
        reading.error("'listen' is for handlers, and this is a task", _at(written, "listen"))


def _refuse_end_role(position: Position, reading: Reading) -> None:
    """Record that ``meta: end_role`` stands where there is no role to end."""
    if reading.in_handlers:
        reading.error("a handler cannot end a role: it runs after the role", position,
                      known_as="Cannot execute 'end_role' from a handler")  # fmt: skip
    elif reading.role is None:
        reading.error("there is no role here that could end", position, hint="end_play and end_host end more",
                      known_as="Cannot execute 'end_role' from outside of a role")  # fmt: skip


def _at(written: Mapping[str, object], key: str) -> Position | None:
    return next((position_of(each) for each in written if each == key), None)


def _unknown_key(key: str, reading: Reading) -> None:
    if key in _OLD:
        reading.error(f"unknown key '{key}' of a task", key, hint=f"write '{_OLD[key]}'")
        return
    reading.unknown_key(key, "task", TASK_KEYS)


def _no_action(unknown: list[str], excused: bool, written: dict[str, object], reading: Reading) -> None:
    """Record a task without a known module: which of its unknown keys was meant to be one?"""
    misspelt = [key for key in unknown if nearest(key, TASK_KEYS) or key in _OLD]
    modules = [key for key in unknown if key not in misspelt]
    if len(unknown) == 1:
        modules, misspelt = unknown, []
    for key in misspelt:
        _unknown_key(key, reading)
    for key in modules:
        if key in ("hosts", "roles", "tasks", "import_playbook"):
            reading.error(f"'{key}' belongs to a play, and this is a list of tasks", key,
                          hint="playbooks are brought in by import_playbook at the top level")  # fmt: skip
            return
        unknown_module(key, reading)
    if not unknown and not excused:
        reading.error("this task names no module", place_of(written, reading),
                      hint="a task needs one key such as 'copy:' or 'command:'")  # fmt: skip


def make_task(written: dict[str, object], action: Action, keywords: Keywords, reading: Reading) -> Task:
    """Return the task of an action that is carried out while running."""
    position = place_of(written, reading)
    if action.name in _INCLUDES and "async" in written:
        reading.error(f"'async' has no meaning for {action.written}: it brings tasks in, and runs nothing itself",
                      _at(written, "async"), hint="put it on the tasks that are included",
                      known_as=f"'async' is not a valid attribute for a {_INCLUDES[action.name]}")  # fmt: skip
    return Task(
        action.name,
        action.args,
        position,
        name=_text(written, "name", "task", reading),
        keywords=keywords,
        register=_register(written, reading),
        loop=_loop(written, reading),
        until=_until(written, reading),
        changed_when=_conditions(written, "changed_when", reading),
        failed_when=_conditions(written, "failed_when", reading),
        listen=read_texts(Item("listen", written["listen"], "handler"), reading) if "listen" in written else (),
        async_s=_number(written, "async", 0, reading),
        poll_s=_number(written, "poll", 15, reading),
        graphing=read_graphing(written, "task", reading),
        verify=read_checks(written["verify"], position, reading) if "verify" in written else (),
        revert=read_list(written, "revert", reading),
        written_action=action.written,
    )


def _conditions(written: Mapping[str, object], key: str, reading: Reading) -> tuple[object, ...] | None:
    if key not in written:
        return None
    return read_conditions(Item(key, written[key], "task"), reading)


def _number(written: Mapping[str, object], key: str, default: int, reading: Reading) -> object:
    return read_int(Item(key, written[key], "task"), reading) if key in written else default


def _register(written: Mapping[str, object], reading: Reading) -> str | None:
    value = written.get("register")
    if value is None:
        return None
    if isinstance(value, str) and (VARIABLE.fullmatch(value) or is_template(value)):
        return value
    reading.error(f"'{value}' cannot be the name of a variable", position_of(value) or _at(written, "register"),
                  hint="use letters, digits and _; the first must not be a digit",
                  known_as=f"Invalid variable name in 'register' specified: '{value}'")  # fmt: skip
    return None


def _until(written: Mapping[str, object], reading: Reading) -> Until | None:
    if "until" not in written and "retries" not in written:
        return None
    plain = Until()
    retries = read_int(Item("retries", written["retries"], "task"), reading) if "retries" in written else plain.retries
    delay = read_number(Item("delay", written["delay"], "task"), reading) if "delay" in written else plain.delay
    return Until(_conditions(written, "until", reading) or (), retries, delay)


def _loop(written: Mapping[str, object], reading: Reading) -> Loop | None:
    kinds = [key for key in written if key == "loop" or key.startswith("with_")]
    control = _loop_control(written, reading)
    if not kinds:
        return None
    if len(kinds) > 1:
        reading.error(f"a task has one loop, this one has two: {kinds[0]} and {kinds[1]}", kinds[1])
    kind = kinds[0]
    value = written[kind]
    if value is None:
        reading.error(f"'{kind}' has nothing to loop over", kind, hint="give a list, or remove the key")
    if kind == "loop" and not isinstance(value, list) and not is_template(value) and value is not None:
        wrong_value(Item("loop", value, "task"), "a list", reading)
    return Loop(kind.removeprefix("with_"), value, control)


def _loop_control(written: Mapping[str, object], reading: Reading) -> LoopControl:
    value = written.get("loop_control")
    if value is None:
        return LoopControl()
    if not isinstance(value, dict):
        wrong_type(Item("loop_control", value, "task"), "a mapping", reading)
        return LoopControl()
    for key in value:
        if key not in _LOOP_CONTROL:
            reading.unknown_key(key, "loop_control", _LOOP_CONTROL)
    plain = LoopControl()

    def item(key: str) -> Item:
        return Item(key, value[key], "loop_control")

    return LoopControl(
        _text(value, "loop_var", "loop_control", reading) or plain.loop_var,
        _text(value, "index_var", "loop_control", reading) or None,
        value.get("label"),
        read_number(item("pause"), reading) if "pause" in value else plain.pause,
        read_bool(item("extended"), reading) if "extended" in value else plain.extended,
        read_bool(item("extended_allitems"), reading) if "extended_allitems" in value else plain.extended_allitems,
        read_conditions(item("break_when"), reading) if "break_when" in value else (),
    )
