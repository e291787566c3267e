"""``revert``: how to undo a task or block. It is a rescue that leaves the host failed.

When what carries ``revert`` fails on a host, its revert tasks run there, with the outcome that failed in
``ansible_failed_result``; then the failure goes on outwards as if nothing had caught it.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.model.keywords import Keywords
from provisioner.model.task import Block, Node, Task

MESSAGE = "{{ ansible_failed_result.msg | default('it failed') }} (undone by its revert tasks)"


def with_revert(node: Node) -> Node:
    """Return ``node`` with its ``revert`` written as what it means: a block whose rescue undoes and fails."""
    if not isinstance(node, (Task, Block)) or not node.revert:
        return node
    again = Task(
        action="fail",
        args={"msg": MESSAGE},
        position=node.position,
        name=f"Report what was undone: {node.title if isinstance(node, Task) else node.name or 'block'}",
        keywords=Keywords(),
        written_action="fail",
    )
    return Block(block=(replace(node, revert=()),), rescue=(*node.revert, again), position=node.position)
