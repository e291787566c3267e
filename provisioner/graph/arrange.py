"""Brings siblings (plays, roles, blocks, tasks) into an order that honours ``needs``, before plays are flattened.

``needs`` may point against the order of the file. What moves is the whole sibling that contains the task, at the level
where the two meet, so that a block's tasks always stay together. Without ``needs`` nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import TypeAlias, TypeVar

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position
from provisioner.model.play import Play
from provisioner.model.task import Block, Node, RoleUse, Task
from provisioner.records import dataclass

Item: TypeAlias = "Play | Node"
T = TypeVar("T", bound="Play | Task | Block | RoleUse")


@dataclass(frozen=True, slots=True)
class _Marks:
    """The ids below an item and the (need, position) pairs below it."""

    ids: frozenset[str]
    needs: tuple[tuple[str, Position], ...]


def arrange(plays: Sequence[Play]) -> tuple[Play, ...]:
    """Return the plays, and everything in them, in an order that honours ``needs``.

    Raises InputError for an unknown id or for needs that form a circle, with the way around it.
    """
    marks = [_marks(p) for p in plays]
    known = frozenset().union(*(m.ids for m in marks))
    for mark in marks:
        for need, position in mark.needs:
            if need not in known:
                raise InputError.at(position, f"needs '{need}', but nothing has that id")
    if not any(m.needs for m in marks):
        return tuple(plays)
    return tuple(_arranged_play(p) for p in _sorted(list(plays)))


def _arranged_play(play: Play) -> Play:
    _check_sections(play)
    return replace(
        play,
        pre_tasks=_inside(play.pre_tasks),
        roles=_sorted(list(play.roles)),
        tasks=_inside(play.tasks),
        post_tasks=_inside(play.post_tasks),
    )


def _check_sections(play: Play) -> None:
    """Refuse a need that points to a later section: pre_tasks, roles, tasks, post_tasks have a fixed order."""
    later: frozenset[str] = frozenset()
    for section in (play.post_tasks, play.tasks, play.roles, play.pre_tasks):
        marks = [_marks(n) for n in section]
        for mark in marks:
            for need, position in mark.needs:
                if need in later:
                    raise InputError.at(
                        position,
                        f"needs '{need}', which belongs to a later section of the play",
                        hint="pre_tasks, roles, tasks and post_tasks run in this order; move the task",
                    )
        later = later.union(*(m.ids for m in marks))


def _inside(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(_arranged(n) for n in _sorted(list(nodes)))


def _arranged(node: Node) -> Node:
    if isinstance(node, Block):
        return replace(node, block=_inside(node.block), rescue=_inside(node.rescue), always=_inside(node.always))
    return node


def _sorted(items: list[T]) -> tuple[T, ...]:
    """Return siblings sorted: an item moves behind what it needs, everything else keeps its place."""
    marks = [_marks(i) for i in items]
    owner = {name: index for index, mark in enumerate(marks) for name in mark.ids}
    before: list[dict[int, Position]] = [{} for _ in items]
    for index, mark in enumerate(marks):
        for need, position in mark.needs:
            if owner.get(need, index) != index:
                before[index][owner[need]] = position
    if not any(before):
        return tuple(items)
    return tuple(items[i] for i in _stable_order(before, items))


def _stable_order(before: list[dict[int, Position]], items: Sequence[Item]) -> list[int]:
    waiting = [len(b) for b in before]
    after: list[list[int]] = [[] for _ in before]
    for index, needed in enumerate(before):
        for each in needed:
            after[each].append(index)
    ready = [i for i, count in enumerate(waiting) if count == 0]
    heapify(ready)
    done: list[int] = []
    while ready:
        index = heappop(ready)
        done.append(index)
        for each in after[index]:
            waiting[each] -= 1
            if waiting[each] == 0:
                heappush(ready, each)
    if len(done) < len(before):
        raise _circle(before, items, set(done))
    return done


def _circle(before: list[dict[int, Position]], items: Sequence[Item], done: set[int]) -> InputError:
    index = next(i for i in range(len(before)) if i not in done)
    path = [index]
    while True:
        index = next(i for i in before[index] if i not in done)
        if index in path:
            path = path[path.index(index) :]
            break
        path.append(index)
    steps = [f"{_name(items[i])} ({items[i].position})" for i in path]
    needed_at = before[path[0]][path[1 % len(path)]]
    return InputError.at(needed_at, "tasks need each other in a circle", detail=" needs\n".join([*steps, steps[0]]))


def _name(item: Item) -> str:
    if isinstance(item, RoleUse):
        return f"role {item.role.name}"
    if isinstance(item, Task):
        return f"task '{item.title}'"
    return f"{type(item).__name__.lower()} '{item.name}'"


def _marks(item: Item) -> _Marks:
    graphing = item.graphing
    ids = {graphing.id} if graphing.id else set()
    needs = [(need, item.position) for need in graphing.needs]
    for child in _children(item):
        below = _marks(child)
        ids |= below.ids
        needs += below.needs
    return _Marks(frozenset(ids), tuple(needs))


def _children(item: Item) -> Sequence[Node]:
    if isinstance(item, Play):
        return (*item.pre_tasks, *item.roles, *item.tasks, *item.post_tasks)
    if isinstance(item, Block):
        return (*item.block, *item.rescue, *item.always)
    if isinstance(item, RoleUse):
        return item.role.tasks
    return ()
