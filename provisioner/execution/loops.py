"""Loops: the items of a task, and running them with as few round trips as their independence allows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisioner.diagnostics.errors import InputError, Lost, TargetError
from provisioner.diagnostics.position import position_of
from provisioner.execution.judge import combined, status_of
from provisioner.execution.needs import Call, ItemDone, Need, Result, Sleep, Steps, Together
from provisioner.execution.task_run import TaskRun
from provisioner.model.task import Loop
from provisioner.records import dataclass
from provisioner.remote.params import boolean
from provisioner.templating.omit import strip_omit
from provisioner.transport.failures import ElevationFailed
from provisioner.variables.scope import Layer, Level, Scope

WINDOW = 64
"""How many independent items are on their way at once."""


@dataclass(frozen=True, slots=True)
class LoopItem:
    """One item: its value, the layers that show it to the task, and the variables that its result repeats."""

    value: object
    layers: tuple[Layer, ...]
    shown: Mapping[str, object]


def loop_items(run: TaskRun) -> list[LoopItem]:
    """Return the items of the task's loop; InputError where it does not come out as a list."""
    loop = _loop(run)
    scope = run.scope()
    values = _values(run, loop, scope)
    variable = str(run.renderer.render(loop.control.loop_var, scope))
    extended = boolean(run.renderer.render(loop.control.extended, scope))
    index = loop.control.index_var
    items = []
    for number, value in enumerate(values):
        shown: dict[str, object] = {variable: value, "ansible_loop_var": variable}
        if index:
            shown[index] = number
            shown["ansible_index_var"] = index
        if extended:
            shown["ansible_loop"] = _extended(values, number)
            if not boolean(run.renderer.render(loop.control.extended_allitems, scope)):
                del shown["ansible_loop"]["allitems"]  # type: ignore[attr-defined]
        items.append(LoopItem(value, (Layer(Level.LOOP, "loop", shown, rendered=True),), shown))
    return items


def _values(run: TaskRun, loop: Loop, scope: Scope) -> list[Any]:
    render = run.renderer.render_known if loop.kind == "first_found" else run.renderer.render
    value = strip_omit(render(loop.value, scope))
    if loop.kind == "loop":
        if isinstance(value, (str, bytes, dict)) or not isinstance(value, Iterable):
            raise InputError.at(
                position_of(loop.value) or run.operation.position,
                f"'loop' needs a list, and this comes out as {type(value).__name__}",
                hint="a dictionary becomes a list with | dict2items, a single value in brackets",
            )
        return list(value)
    if loop.kind == "list" and not isinstance(value, list):
        raise InputError.at(position_of(loop.value) or run.operation.position, "with_list expects a list")
    terms = value if isinstance(value, list) else [value]
    return run.renderer.lookup(loop.kind, terms, scope)


def _loop(run: TaskRun) -> Loop:
    if run.task.loop is None:
        raise TypeError("the task has no loop")
    return run.task.loop


def _extended(values: Sequence[object], number: int) -> dict[str, object]:
    """Return ``ansible_loop`` as documented for ``loop_control.extended``."""
    last = len(values) - 1
    shown: dict[str, object] = {
        "allitems": list(values),
        "index": number + 1,
        "index0": number,
        "revindex": last - number + 1,
        "revindex0": last - number,
        "first": number == 0,
        "last": number == last,
        "length": len(values),
    }
    if number > 0:
        shown["previtem"] = values[number - 1]
    if number < last:
        shown["nextitem"] = values[number + 1]
    return shown


def looped(run: TaskRun, items: Sequence[LoopItem], body: Callable[[LoopItem], Steps]) -> Steps:
    """Run ``body`` for each item and return the combined result.

    Items whose body needs a single call are sent together; any other need waits until those before it are done, so
    that items take effect in order. An item that raises InputError ends the loop: those behind it are not begun.
    """
    control = _loop(run).control
    pause = float(str(run.renderer.render(control.pause, run.scope()) or 0))
    results: dict[int, Result] = {}
    group: list[_Waiting] = []
    alone = bool(control.break_when) or pause > 0 or _asks_for_the_last(run)
    for number, item in enumerate(items):
        steps = _done_before(run, number, item) or body(item)
        need, result = yield from _begun(steps, lambda: _together(run, items, group, results, last=False))
        if need is None:
            results[number] = yield from _ended(run, item, result)
        elif isinstance(need, Call) and need.last and not alone:
            group.append(_Waiting(number, steps, need))
            if len(group) == WINDOW:
                yield from _together(run, items, group, results, last=number == len(items) - 1)
        else:
            yield from _together(run, items, group, results, last=False)
            is_final = number == len(items) - 1
            answer = yield need if is_final else _not_last(need)
            results[number] = yield from _ended(run, item, (yield from _rest(steps, answer, is_final=is_final)))
        if control.break_when and _breaks(run, item, results[number]):
            break
        if pause and number < len(items) - 1:
            yield Sleep(pause)
    yield from _together(run, items, group, results, last=True)
    return combined([results[n] for n in sorted(results)])


def _begun(
    steps: Steps, finish: Callable[[], Generator[Need, Any, None]]
) -> Generator[Need, Any, tuple[Need | None, Result]]:
    """Return an item's first need, or its result where it has none; those before it are at their end then (``finish``).

    InputError where the item cannot be begun at all.
    """
    try:
        return next(steps), {}
    except StopIteration as stop:
        yield from finish()
        return None, dict(stop.value)
    except InputError:
        yield from finish()
        raise


BRINGS = frozenset({"ansible_facts", "add_host", "add_group"})
"""What in the result of an item says that it has effects in the run."""


def _done_before(run: TaskRun, number: int, item: LoopItem) -> Steps | None:
    """Return steps that only tell the result of an item which an earlier run did, in a loop that failed at another.

    What an item brought the run itself, its loop took along when it failed: such items are done anew.
    """
    known = run.items_done.get(number)
    if known is None or not BRINGS.isdisjoint(known):
        return None
    if any(known.get(name) != value for name, value in item.shown.items()):
        return None
    return _told(known)


def _told(result: Mapping[str, Any]) -> Steps:
    yield from ()  # it needs nothing
    return dict(result)


def _asks_for_the_last(run: TaskRun) -> bool:
    """Tell whether an item may look at the result of the one before it, under the registered name."""
    task, name = run.task, run.task.register
    texts = (task.args, run.operation.keywords.when, run.operation.keywords.delegate_to, task.keywords.vars)
    return bool(name) and any(str(name) in str(text) for text in texts)


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: int
    steps: Steps
    call: Call


def _together(
    run: TaskRun, items: Sequence[LoopItem], group: list[_Waiting], results: dict[int, Result], *, last: bool
) -> Generator[Need, Any, None]:
    """Send what has gathered, and bring each of those items to its end."""
    if not group:
        return
    waiting, group[:] = list(group), []
    replies = yield Together(tuple(w.call for w in waiting), last)
    for each, reply in zip(waiting, replies, strict=True):
        result = yield from _rest(each.steps, reply)
        results[each.number] = yield from _ended(run, items[each.number], result)


def _not_last(need: Need) -> Need:
    """Return a need of an item that others come after: what follows the task must not be sent behind it."""
    return replace(need, last=False) if isinstance(need, Call) else need


def _rest(steps: Steps, answer: Any, *, is_final: bool = False) -> Steps:
    """Carry a body on with the answer to the need it has yielded; a host out of reach ends this item only."""
    try:
        while True:
            need = steps.send(answer)
            answer = yield need if is_final else _not_last(need)
    except StopIteration as stop:
        return dict(stop.value)
    except ElevationFailed as error:
        return {"failed": True, "changed": False, "msg": str(error)}
    except TargetError as error:
        return {"unreachable": True, "lost": isinstance(error, Lost), "changed": False, "msg": str(error)}


def _ended(run: TaskRun, item: LoopItem, result: Result) -> Steps:
    label = _label(run, item)
    shown = {**result, **item.shown, "_ansible_item_label": label}
    shown.setdefault("failed", False)
    run.last_item = shown
    yield ItemDone(label, status_of(shown), shown)
    return shown


def _label(run: TaskRun, item: LoopItem) -> object:
    written = _loop(run).control.label
    if written is None:
        return item.value
    try:
        return run.renderer.render(written, run.scope(*item.layers))
    except InputError:
        return item.value


def _breaks(run: TaskRun, item: LoopItem, result: Result) -> bool:
    registered = {run.task.register: result} if run.task.register else {}
    scope = run.scope(*item.layers, Layer(Level.LOOP, "register", registered, rendered=True))
    return run.renderer.condition(_loop(run).control.break_when, scope)
