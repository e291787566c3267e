"""``--start-at-task``: everything written before the named task is left out; facts are still gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.graph.operation import RoleContext
from provisioner.model.play import Play
from provisioner.model.task import Block, Node, Role, RoleUse, Task


def start_at(plays: Sequence[Play], name: str) -> tuple[Play, ...]:
    """Return the plays from the task called ``name`` on; the name may be a glob and may begin with ``role : ``.

    InputError where no task, known without running, has that name.
    """
    search = _Search(name)
    kept = []
    for play in plays:
        pre_tasks = search.after(play.pre_tasks)
        roles = tuple(use for use in search.after(play.roles) if isinstance(use, RoleUse))
        tasks, post_tasks = search.after(play.tasks), search.after(play.post_tasks)
        if search.found:
            kept.append(replace(play, pre_tasks=pre_tasks, roles=roles, tasks=tasks, post_tasks=post_tasks))
    if not search.found:
        raise InputError(
            Diagnostic(
                f"no task is called '{name}'",
                hint=nearest(name, search.names) or "names of included files are not known yet",
            )
        )
    return tuple(kept)


class _Search:
    def __init__(self, name: str) -> None:
        self.name, self.found = name, False
        self.names: list[str] = []

    def after(self, nodes: Sequence[Node], role: str = "") -> tuple[Node, ...]:
        """Return what is left of ``nodes`` from the wanted task on."""
        kept: list[Node] = []
        for node in nodes:
            left = node if self.found else self._inside(node, role)
            if left is not None:
                kept.append(left)
        return tuple(kept)

    def _inside(self, node: Node, role: str) -> Node | None:
        if isinstance(node, Task):
            self.names.append(node.title)
            full = f"{role} : {node.title}" if role else node.title
            self.found = any(n == self.name or fnmatchcase(n, self.name) for n in (node.title, full))
            return node if self.found else None
        if isinstance(node, Block):
            block, rescue = self.after(node.block, role), self.after(node.rescue, role)
            always = self.after(node.always, role)
            return replace(node, block=block, rescue=rescue, always=always) if self.found else None
        return self._inside_role(node)

    def _inside_role(self, use: RoleUse) -> RoleUse | None:
        dependencies = tuple(d for d in (self._inside_role(u) for u in use.role.dependencies) if d is not None)
        tasks = self.after(use.role.tasks, _shown(use.role)) if not self.found else use.role.tasks
        if not self.found:
            return None
        return replace(use, role=replace(use.role, dependencies=dependencies, tasks=tasks))


def _shown(role: Role) -> str:
    """Return a role's name as titles of tasks show it."""
    return RoleContext(role.name, role.path, collection=role.collection).full_name
