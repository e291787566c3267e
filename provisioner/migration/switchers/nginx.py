"""Sends the requests of an nginx upstream to the new server; requests wait meanwhile."""

# ruff: noqa: ARG001 - every switcher's verbs take the same arguments

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, optional, required


class Params(Parameters):
    """Which upstream, and its servers."""

    on: str = optional("str", "The host role nginx runs on.", "lb")
    upstream: str = required("str", "The upstream's name.")
    config: str = required("path", "The file that has the upstream.")
    port: int = optional("int", "The servers' port, where ``old`` and ``new`` are not given.", 80)
    old: list[str] | None = optional(
        "list", "Servers moved away from: host:port, options behind them; those of the inventory.", elements="str"
    )
    new: list[str] | None = optional("list", "Servers moved to; those of the inventory.", elements="str")
    hold: str = optional("str", "Which requests wait; nginx can only hold all.", "all", choices=("all",))
    limit_s: float = optional(
        "float", "After so many seconds requests pass, whatever happened; longer than the guard.", 60.0
    )
    wait_s: float = optional("float", "How long to wait for requests under way.", 5.0)


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Move the server lines into a file of their own."""
    return [_step(name, params, "can be switched, and has the way back", "prepare")]


def hold(name: str, params: Params) -> Sequence[Step]:
    """Let requests wait until those under way have ended."""
    return [_step(name, params, "requests wait", "hold", limit_s=params.limit_s, wait_s=params.wait_s)]


def point_to(name: str, params: Params) -> Sequence[Step]:
    """Send requests to the new servers."""
    return [_step(name, params, "points to new", "point", to=NEW)]


def release(name: str, params: Params) -> Sequence[Step]:
    """Let requests go on."""
    return [_step(name, params, "requests go on", "release")]


def back(name: str, params: Params) -> Sequence[Step]:
    """Send requests to the old servers."""
    return [_step(name, params, "points to old", "point", to=OLD)]


def current(name: str, params: Params, to: str) -> Sequence[Step]:
    """Fail unless requests go to ``to``."""
    return [_step(name, params, f"is at {to}", "current", to=to)]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Put the server lines back where they were."""
    return [_step(name, params, "is as before, with the new servers", "remove")]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the balancer does alone: point to old, then let requests go on."""
    return [
        {"module": "nginx_switch", "params": {**_words(params, "point"), "to": OLD}},
        {"module": "nginx_switch", "params": _words(params, "release")},
    ]


def _step(name: str, params: Params, says: str, verb: str, **more: object) -> Step:
    return Step(params.on, {"name": f"{name}: {says}", "nginx_switch": {**_words(params, verb), **more}})


def _words(params: Params, verb: str) -> dict[str, object]:
    return {
        "do": verb,
        "upstream": params.upstream,
        "config": params.config,
        "old": params.old or _servers(OLD, params.port),
        "new": params.new or _servers(NEW, params.port),
    }


def _servers(side: str, port: int) -> str:
    return f"{{{{ migration.addresses.{side} | map('regex_replace', '$', ':{port}') | list }}}}"
