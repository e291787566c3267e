"""Which handlers a notification means: by name, by ``role : name``, or by what they listen to."""

from __future__ import annotations

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.execution.context import PlayContext
from provisioner.execution.task_run import TaskRun
from provisioner.graph.operation import Operation


class HandlerNames:
    """Resolves notifications of one play. Handler names may be templates, so tables are kept per host."""

    def __init__(self, play: PlayContext) -> None:
        self._play = play
        self._tables: dict[tuple[str, int], dict[str, tuple[str, ...]]] = {}
        self._nameless: set[str] = set()
        self.warnings: list[str] = []
        """What is only worth a warning; whoever tells it empties the list."""

    def resolve(self, run: TaskRun, written: tuple[str, ...]) -> tuple[str, ...]:
        """Return the ids of the handlers that ``written`` notifies, in the order of the handlers' definition.

        InputError where a name means no handler.
        """
        if not written:
            return ()
        table = self._table(run.host)
        found: set[str] = set()
        for name in self._rendered(run, written):
            if name not in table and not self._play.run.options.policy.missing_handler_fails:
                self.warnings.append(f"no handler is named '{name}' and none listens to it")
                continue
            if name not in table:
                raise InputError(Diagnostic(
                    f"no handler is named '{name}' and none listens to it",
                    run.operation.position,
                    hint=nearest(name, table),
                    known_as=f"The requested handler '{name}' was not found in either the main handlers list nor in "
                    "the listening handlers list",
                    known_code=1,
                ))  # fmt: skip
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
            names = {handler.id: self._names(handler, host) for handler in self._play.handlers}
            table: dict[str, tuple[str, ...]] = {}
            heard: set[tuple[str, str]] = set()
            for handler in self._searched():
                for name in names[handler.id]:
                    table.setdefault(name, (handler.id,))
            for handler in self._searched():
                own = names[handler.id][0] if names[handler.id] else ""
                for topic in self._topics(handler):
                    if own and (topic, own) in heard:
                        continue
                    heard.add((topic, own))
                    table[topic] = (*table.get(topic, ()), handler.id)
            self._tables[key] = table
        return self._tables[key]

    def _searched(self) -> list[Operation]:
        """Return the handlers in the order in which a name is looked for: the last list first, each from its begin."""
        lists: dict[str, list[Operation]] = {}
        for handler in self._play.handlers:
            lists.setdefault(handler.role.path if handler.role else "", []).append(handler)
        return [handler for each in reversed(lists.values()) for handler in each]

    def _topics(self, handler: Operation) -> list[str]:
        listened = handler.task.listen if handler.task else ()
        return [name for topic in listened for name in (topic, *_with_role(handler, topic))]

    def _names(self, handler: Operation, host: str) -> list[str]:
        if handler.task is None or not handler.task.name:
            return []
        name = handler.task.name
        if "{{" in name:
            try:
                name = self._play.run.renderer.text(name, self._play.operation_scope(handler, host))
            except InputError:
                if not handler.task.listen and handler.id not in self._nameless:
                    self._nameless.add(handler.id)
                    self.warnings.append(
                        f"Handler '{name}' is unusable because it listens to nothing and its name cannot be rendered"
                    )
                return []
        return [name, *_with_role(handler, name)]


def _with_role(handler: Operation, name: str) -> list[str]:
    """Return a name behind that of its role; a role of a collection is meant by its short name too."""
    if handler.role is None:
        return []
    full, collection = handler.role.name, handler.role.collection
    roles = dict.fromkeys((full, full.rpartition(".")[2], *((f"{collection}.{full}",) if collection else ())))
    return [f"{role} : {name}" for role in roles]
