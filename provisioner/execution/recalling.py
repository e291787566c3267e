"""Turns what an earlier run recorded of an operation into its outcome, so that nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.figures import Figure
from provisioner.execution.outcome import Effects, Outcome
from provisioner.graph.operation import Operation
from provisioner.model.event import OperationFinished
from provisioner.model.recall import UNRECORDED, Recall
from provisioner.model.status import Status
from provisioner.scheduling.stimuli import Ends

DONE_ANEW = frozenset({"meta", "include_tasks", "include_role", "include_vars", "add_host", "group_by", "set_stats"})
"""Actions that only concern the run itself: they are carried out again, from what is recalled of the others."""


def recalled(recall: Recall | None, operation: Operation, host: str) -> Outcome | None:
    """Return the outcome of an operation that an earlier run brought to its end on a host; else None."""
    if recall is None or operation.task is None or operation.task.action in DONE_ANEW or operation.is_include:
        return None
    known = recall.look(operation.id, host)
    place = operation.id, host
    lost, is_unrecorded = recall.unknown.get(place), place in recall.unrecorded or operation.task.action in UNRECORDED
    if known is None and lost is not None and is_unrecorded:
        return Outcome(Status.LOST, dict(lost.result), Effects(), lost.no_log)
    return None if known is None else _outcome(known, operation)


def check_unchanged(recall: Recall | None, operation: Operation) -> None:
    """Raise InputError where the operation of this id was another one in the earlier run."""
    then = recall.planned.get(operation.id) if recall else None
    if then is None or operation.task is None or then.action == operation.task.action:
        return
    raise InputError.at(
        operation.position,
        f"the playbook changed since the run that is resumed: here stood '{then.name}' ({then.action})",
        hint="start anew with 'provisioner run'; what is done is found to be done",
    )


def _outcome(known: OperationFinished, operation: Operation) -> Outcome:
    result, effects = dict(known.result), known.effects
    restored = Effects(
        facts=_mapping(effects.get("facts")),
        variables=_mapping(effects.get("variables")),
        registered=dict.fromkeys(_names(effects.get("registered")), result),
        included=_mapping(effects.get("included")),
        gathered=operation.task is not None and operation.task.action == "gather_facts",
        figures=[Figure(*each) for each in effects.get("figures") or ()],  # type: ignore[attr-defined]
        elsewhere={
            host: (_mapping(_mapping(there).get("facts")), _mapping(_mapping(there).get("variables")))
            for host, there in _mapping(effects.get("elsewhere")).items()
        },
        ends=Ends(effects["ends"]) if effects.get("ends") else None,
    )
    notifies = known.status is Status.CHANGED
    names = tuple(str(name) for name in operation.keywords.notify) if notifies else ()
    return Outcome(
        known.status, result, restored, known.no_log, known.delegated_to, names,
        is_fatal=bool(effects.get("fatal")), is_recalled=True, notified=tuple(_names(effects.get("notified"))),
    )  # fmt: skip


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, (list, tuple)) else []
