"""``guard``: a block that undoes itself on the host unless it is confirmed over a new connection.

A guarded block becomes: arm (the host will undo it by itself when the time is over), its tasks, a new connection, the
checks, confirm. What fails on the way makes the host carry out the undoing at once and leaves it failed; where contact
is lost for good, the host does so alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from provisioner.diagnostics.position import Position
from provisioner.graph.passes.proofs import proof_of
from provisioner.model.keywords import EMPTY, Keywords
from provisioner.model.task import UNORDERED, Block, Guard, Node, Task

MESSAGE = "{{ ansible_failed_result.msg | default('it failed') }} (undone by its guard)"


def with_guard(node: Node) -> Node:
    """Return ``node`` with its ``guard`` written as what it means."""
    if not isinstance(node, Block) or node.guard is None:
        return node
    guard, at = node.guard, node.position
    name = hashlib.sha256(str(at).encode()).hexdigest()[:16]
    steps = [{"module": task.action, "params": dict(task.args)} for task in node.revert if isinstance(task, Task)]
    arm = {"do": "arm", "id": name, "seconds": guard.confirm_s, "steps": steps}
    if guard.survives_reboot:
        arm["survive_reboot"] = True
    inner = replace(node, guard=None, revert=(), keywords=EMPTY, graphing=UNORDERED)
    checks = (proof_of(guard.checks, node.name or "guard"),) if guard.checks else ()
    return Block(
        block=(
            _task("arm", arm, guard, node),
            inner,
            _task("reach", {"do": "reach", "seconds": guard.confirm_s}, guard, node),
            *checks,
            _task("confirm", {"do": "confirm", "id": name}, guard, node),
        ),
        rescue=(_task("undo", {"do": "undo", "id": name, "steps": steps}, guard, node), _fail(at, node)),
        position=at,
        name=node.name,
        keywords=node.keywords,
        graphing=node.graphing,
    )


def _task(what: str, args: dict[str, object], guard: Guard, block: Block) -> Task:
    title = f"guard: {what}{f' {block.name}' if block.name else ''}"
    return Task("armed_guard", args, guard.position, name=title, written_action="armed_guard")


def _fail(at: Position, block: Block) -> Task:
    title = f"Report what was undone: {block.name or 'block'}"
    return Task("fail", {"msg": MESSAGE}, at, name=title, keywords=Keywords(), written_action="fail")
