"""Which names an operation under way is about to set, so that nothing sent behind it reads them too early."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner import catalog
from provisioner.execution.task_run import TaskRun
from provisioner.variables.scope import Layer, Level

FACTS = frozenset({"package_facts", "service_facts", "getent", "mount_facts"})
"""Modules that bring facts under names of their own."""


class _Facts(frozenset[str]):
    """The set of all names that a gathered fact can have."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith("ansible_")

    def __bool__(self) -> bool:
        return True


_FACT_NAMES = _Facts()


def writes(run: TaskRun) -> Iterator[Layer]:
    """Yield layers that mark what the operation will set."""
    task = run.task
    if task.register:
        yield Layer(Level.SET_FACTS, "register", pending=frozenset({task.register}))
    if task.action == "set_fact":
        yield Layer(Level.SET_FACTS, "set_fact", pending=frozenset(map(str, task.args)))
    elif task.action in ("setup", "gather_facts"):
        yield Layer(Level.FACTS, task.action, pending=_FACT_NAMES)
    elif task.action in FACTS:
        yield Layer(Level.FACTS, task.action, pending_any=True)
    elif task.action not in catalog.names("action") and task.action not in catalog.names("module"):
        yield Layer(Level.FACTS, task.action, pending_any=True)  # nobody knows what a module of the user's brings
    elif task.action == "include_vars":
        yield Layer(Level.INCLUDE_VARS, task.action, pending_any=True)
