"""Which handlers a notification means: by name, by ``role : name``, or by what they listen to."""

from __future__ import annotations

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.execution.context import PlayContext
from provisioner.execution.task_run import TaskRun
from provisioner.graph.operation import Operation


class HandlerNames:
    """Resolves notifications of one play. Handler names may be templates, so tables are kept per host."""

    def __init__(self, play: PlayContext) -> None:
        self._play = play
        self._tables: dict[tuple[str, int], dict[str, tuple[str, ...]]] = {}

    def resolve(self, run: TaskRun, written: tuple[str, ...]) -> tuple[str, ...]:
        """Return the ids of the handlers that ``written`` notifies, in the order of the handlers' definition.

        InputError where a name means no handler.
        """
        if not written:
            return ()
        table = self._table(run.host)
        found: set[str] = set()
        for name in self._rendered(run, written):
            if name not in table:
                raise InputError.at(
                    run.operation.position,
                    f"no handler is named '{name}' and none listens to it",
                    hint=nearest(name, table),
                )
            found.update(table[name])
        return tuple(h.id for h in self._play.handlers if h.id in found)

    def _rendered(self, run: TaskRun, written: tuple[str, ...]) -> list[str]:
        names: list[str] = []
        for each in written:
            value = run.renderer.render(each, run.scope())
            names += map(str, value) if isinstance(value, list) else [str(value)]
        return names

    def _table(self, host: str) -> dict[str, tuple[str, ...]]:
        key = (host, len(self._play.handlers))
        if key not in self._tables:
            table: dict[str, tuple[str, ...]] = {}
            for handler in self._play.handlers:
                for name in self._names(handler, host):
                    table[name] = (handler.id,)
            known: set[tuple[str, str, str]] = set()
            for handler in self._play.handlers:
                for topic in handler.task.listen if handler.task else ():
                    # of two listeners of one name in one list only the first is meant, as in Ansible
                    one = topic, handler.role.path if handler.role else "", handler.task.name if handler.task else ""
                    if one not in known or not one[2]:
                        table[topic] = (*table.get(topic, ()), handler.id)
                    known.add(one)
            self._tables[key] = table
        return self._tables[key]

    def _names(self, handler: Operation, host: str) -> list[str]:
        if handler.task is None or not handler.task.name:
            return []
        name = handler.task.name
        if "{{" in name:
            try:
                name = self._play.run.renderer.text(name, self._play.operation_scope(handler, host))
            except InputError:
                return []  # a handler whose name cannot be rendered here cannot be notified by it
        return [name, f"{handler.role.name} : {name}"] if handler.role else [name]
