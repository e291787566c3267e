"""Whether a play may begin now: not outside its window, unless it changes nothing or somebody gave a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from provisioner.execution.context import RunContext
from provisioner.graph.compile import CompiledPlay
from provisioner.model.recall import Recall
from provisioner.model.window import Window
from provisioner.scheduling.windows import next_opening, open_at
from provisioner.scheduling.wording import length, moment_text


def refusal(compiled: CompiledPlay, hosts: Sequence[str], run: RunContext, now: float) -> str:
    """Return why a play may not begin now, empty where it may. ``now`` is in seconds since the epoch."""
    play = compiled.play
    if play.window is None or run.options.checks(play.keywords) or compiled.selection.only_proofs:
        return ""
    if run.recall is not None and _is_done(compiled, hosts, run.recall):
        return ""
    why = shut(play.window, datetime.fromtimestamp(now, UTC))
    return f"play '{play.name}' may not start now: {why}" if why else ""


def shut(window: Window, now: datetime) -> str:
    """Return, where the window is shut, that it is and when it opens next; empty where it is open."""
    if open_at(window, now) is not None:
        return ""
    opening = next_opening(window, now)
    if opening is None:
        return "its window is shut and does not open again"
    wait = (opening.start - now).total_seconds()
    when = moment_text(opening.start, opening.zone)
    minutes = -(-int(wait) // 60)
    wait_text = f"{minutes} minute{'s' if minutes != 1 else ''}" + ("" if minutes < 60 else f" ({length(wait)})")
    return f"its window is shut; it opens {when}, in {wait_text}, for {length(opening.length_s)}"


def _is_done(compiled: CompiledPlay, hosts: Sequence[str], recall: Recall) -> bool:
    """Tell whether an earlier run did all of the play: then there is nothing to begin."""
    planned = [each for each in recall.planned.values() if each.play == compiled.id and not each.is_handler]
    return bool(planned) and all(recall.look(each.operation, host) for each in planned for host in hosts)
