"""Decides where ``run_once`` holds: on what is written so, on what is about the run, and what only a host can say.

free and host_pinned run everything on every host, as hosts there do not wait for each other to agree.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.graph.graph import Graph
from provisioner.graph.operation import Operation
from provisioner.model.keywords import UNSET

EACH_FOR_ITSELF = frozenset({"free", "host_pinned"})
"""Strategies under which no host runs anything for the others."""
FOR_ALL = frozenset({"pause", "add_host"})
"""One person is asked, one host is added: whatever the strategy."""
DECIDED_ONCE = frozenset({"clear_facts", "clear_host_errors", "refresh_inventory", "end_batch", "end_play"})
"""What ``meta`` does for the whole batch; its condition is looked at on the first host alone."""
TRUE = frozenset({True, "yes", "true", "True", "on", "1"})


def apply(graph: Graph, strategy: str) -> None:
    """Mark what runs once, and what the first host that comes to it decides."""
    for operation in list(graph.operations):
        if operation.task is None:
            continue
        once, asks = _is_once(operation, strategy), _asks(operation, strategy)
        if once or asks:
            graph.add(replace(operation, runs_once=once, asks_first=asks))


def _is_once(operation: Operation, strategy: str) -> bool:
    task = operation.task
    if task is None:
        return False
    if task.action in FOR_ALL:
        return True
    if strategy in EACH_FOR_ITSELF:
        return False
    if task.action == "meta":
        return str(task.args.get("_raw_params", task.args.get("free_form"))) in DECIDED_ONCE
    written = operation.keywords.run_once
    return written in TRUE if isinstance(written, (bool, str, int)) else False


def _asks(operation: Operation, strategy: str) -> bool:
    once, throttle = operation.keywords.run_once, operation.keywords.throttle
    is_open = isinstance(once, str) and "{{" in once and strategy not in EACH_FOR_ITSELF
    return is_open or (throttle is not UNSET and isinstance(throttle, str) and "{{" in throttle)
