"""Finds tasks that need Python on hosts that have none, before any of them is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.diagnostics.diagnostic import Findings
from provisioner.model.keywords import UNSET
from provisioner.model.play import Play, Playbook
from provisioner.model.task import Block, Node, RoleUse, Task

DO_WITHOUT = frozenset(
    {"raw", "meta", "debug", "assert", "fail", "set_fact", "set_stats", "pause", "add_host", "group_by", "include_vars",
     "include_tasks", "import_tasks", "validate_argument_spec"}
)  # fmt: skip
"""Actions that are carried out by the controller, or by the host's shell."""


def refuse_python(playbook: Playbook, bare: frozenset[str], findings: Findings) -> None:
    """Record an error for each task that would need Python on a host of ``bare``."""
    for play in playbook.plays:
        hosts = play.hosts if isinstance(play.hosts, list) else [play.hosts]
        there = sorted(bare.intersection(map(str, hosts)))
        if not there:
            continue
        told = f"{', '.join(there)}, which has none ('old_python: false')"
        for each in _tasks(_nodes(play)):
            if each.action not in DO_WITHOUT and each.keywords.delegate_to is UNSET:
                findings.error(f"'{each.action}' needs Python on {told}", each.position,
                               hint="'raw' runs a command line without it")  # fmt: skip
        for check in play.verify:
            findings.error(f"this check needs Python on {told}", check.position,
                           hint="check from the new server, or with 'raw'")  # fmt: skip


def _nodes(play: Play) -> Iterator[Node]:
    for part in (play.pre_tasks, play.roles, play.tasks, play.post_tasks, play.handlers):
        yield from part


def _tasks(nodes: Iterable[Node]) -> Iterator[Task]:
    for node in nodes:
        if isinstance(node, Task):
            yield node
        elif isinstance(node, Block):
            yield from _tasks((*node.block, *node.rescue, *node.always))
        elif isinstance(node, RoleUse):
            yield from _tasks(node.role.tasks)
