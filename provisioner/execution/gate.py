"""Whether a play may begin now: not outside its window, unless it changes nothing or somebody gave a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module

from provisioner.execution.context import RunContext
from provisioner.graph.compile import CompiledPlay
from provisioner.model.recall import Recall


def refusal(compiled: CompiledPlay, hosts: Sequence[str], run: RunContext, now: float) -> str:
    """Return why a play may not begin now, empty where it may. ``now`` is in seconds since the epoch."""
    play = compiled.play
    if play.window is None or run.options.checks(play.keywords) or compiled.selection.only_proofs:
        return ""
    if run.recall is not None and _is_done(compiled, hosts, run.recall):
        return ""
    # time zones are a large import, hence by name and only where a window is to be looked at
    why = import_module("provisioner.scheduling.openness").shut(play.window, datetime.fromtimestamp(now, UTC))
    return f"play '{play.name}' may not start now: {why}" if why else ""


def _is_done(compiled: CompiledPlay, hosts: Sequence[str], recall: Recall) -> bool:
    """Tell whether an earlier run did all of the play: then there is nothing to begin."""
    planned = [each for each in recall.planned.values() if each.play == compiled.id and not each.is_handler]
    return bool(planned) and all(recall.look(each.operation, host) for each in planned for host in hosts)
