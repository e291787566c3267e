"""What a play says about itself with templates, rendered when its turn comes: no host is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.context import RunContext
from provisioner.graph.compile import CompiledPlay, compile_play, plain_strategy
from provisioner.remote.params import boolean
from provisioner.variables.scope import Layer, Level, Scope

RENDERED = ("strategy", "gather_facts", "force_handlers", "order")


def settled(compiled: CompiledPlay, run: RunContext, layers: Sequence[Layer]) -> CompiledPlay:
    """Return the play with its own templates rendered; compiled anew where its graph depends on them."""
    play = compiled.play
    written = {name: getattr(play, name) for name in RENDERED}
    if not any(isinstance(value, str) and "{{" in value for value in written.values()):
        return compiled
    scope = play_scope(run, layers)
    changes: dict[str, Any] = {}
    for name, value in written.items():
        if isinstance(value, str) and "{{" in value:
            changes[name] = run.renderer.render(value, scope)
    if "gather_facts" in changes:
        changes["gather_facts"] = _truth(changes["gather_facts"], compiled)
    if "strategy" in changes:
        changes["strategy"] = plain_strategy(str(changes["strategy"] or "linear"))
    return compile_play(replace(play, **changes), int(compiled.id), compiled.selection)


def play_scope(run: RunContext, layers: Sequence[Layer]) -> Scope:
    """Return what a play sees before any of its hosts is looked at."""
    extra = Layer(Level.EXTRA_VARS, "extra vars", run.options.extra_vars)
    magic = Layer(Level.MAGIC, "magic", {"groups": run.inventory.groups}, rendered=True)
    return Scope((*layers, extra, magic))


def _truth(value: object, compiled: CompiledPlay) -> bool:
    try:
        return value not in (None, "") and boolean(value)
    except ValueError as error:
        raise InputError.at(compiled.play.position, f"'gather_facts': {error}") from None
