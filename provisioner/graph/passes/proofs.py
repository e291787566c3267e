"""Proofs: what carries ``verify`` is followed by an operation that runs its checks.

A task's checks come right behind it, a block's at its end (so that ``rescue`` sees them), a role's behind its tasks and
a flush of handlers, a play's at its very end. ``only`` leaves nothing of a play but its proofs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from provisioner.model.keywords import EMPTY, UNSET, Keywords
from provisioner.model.play import Play
from provisioner.model.task import UNORDERED, Block, Check, Node, Role, RoleUse, Task

HARMLESS = frozenset({"set_fact", "include_vars", "include_tasks", "include_role", "group_by"})
"""Actions that stay where only proofs run: they change no host, and checks may need what they bring."""


def of_task(task: Task, role: str = "") -> tuple[Task, ...]:
    """Return the proof of a task: with its keywords and conditions, but once, not for each loop item.

    A handler's proof listens to all that notifies the handler.
    """
    if not task.verify:
        return ()
    keywords = replace(_without_item(task), notify=(), retry=UNSET, timeout=UNSET)
    names = (task.name, *((f"{role} : {task.name}",) if role else ())) if task.name else ()
    proof = proof_of(task.verify, task.title, keywords)
    return (replace(proof, graphing=task.graphing, listen=(*task.listen, *names)),)


def of_block(block: Block) -> tuple[Task, ...]:
    """Return the proof of a block; it stands inside, so it inherits the block's keywords."""
    return (proof_of(block.verify, block.name or "block"),) if block.verify else ()


def of_role(use: RoleUse) -> tuple[Task, ...]:
    """Return the proof of a role, behind a flush of handlers: what is proved is what the role leaves behind."""
    if not use.verify:
        return ()
    flush = Task("meta", {"free_form": "flush_handlers"}, use.verify[0].position, written_action="meta")
    return flush, proof_of(use.verify, use.role.name)


def of_play(play: Play) -> tuple[Task, ...]:
    """Return the proof of a play."""
    return (proof_of(play.verify, play.name),) if play.verify else ()


def proof_of(checks: tuple[Check, ...], title: str, keywords: Keywords = EMPTY) -> Task:
    """Return the task that runs these checks."""
    return Task(
        action="verify",
        args={"checks": checks},
        position=checks[0].position,
        name=f"verify: {title}",
        keywords=keywords,
        written_action="verify",
    )


def _without_item(task: Task) -> Keywords:
    """Return the task's keywords, without conditions and values about a loop item: the proof has none."""
    if task.loop is None:
        return task.keywords
    item = re.compile(rf"\b({re.escape(task.loop.control.loop_var)}|ansible_loop)\b")
    changes: dict[str, Any] = {"when": tuple(c for c in task.keywords.when if not item.search(str(c)))}
    for field in fields(task.keywords):
        value = getattr(task.keywords, field.name)
        if isinstance(value, str) and item.search(value):
            changes[field.name] = UNSET
    return replace(task.keywords, **changes)


# ---------------------------------------------------------------------- nothing but proofs


def only(play: Play) -> Play:
    """Return the play with its checks and what they need, and without everything that changes a host."""
    return replace(
        play,
        pre_tasks=only_nodes(play.pre_tasks),
        roles=tuple(_use(use) for use in play.roles),
        tasks=only_nodes(play.tasks),
        post_tasks=only_nodes(play.post_tasks),
        handlers=(),
    )


def only_nodes(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return what is left of some nodes."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Task):
            if node.action in HARMLESS:
                found.append(replace(node, keywords=replace(node.keywords, ignore_errors=True, notify=()), verify=()))
            found += of_task(replace(node, graphing=UNORDERED))
        elif isinstance(node, Block):
            found.append(_block(node))
        else:
            found.append(_use(node))
    return tuple(found)


def _block(block: Block) -> Block:
    return replace(block, block=only_nodes(block.block), rescue=(), always=(), revert=(), graphing=UNORDERED)


def _use(use: RoleUse) -> RoleUse:
    return replace(use, role=_role(use.role), graphing=UNORDERED)


def _role(role: Role) -> Role:
    dependencies = tuple(_use(use) for use in role.dependencies)
    return replace(role, tasks=only_nodes(role.tasks), handlers=(), dependencies=dependencies)
