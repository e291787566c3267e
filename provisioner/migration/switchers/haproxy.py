"""Sends the requests of an HAProxy backend to the new server; requests wait meanwhile, none fails."""

# ruff: noqa: ARG001 - every switcher's verbs take the same arguments

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.steps import Step
from provisioner.remote.params import Parameters, optional, required


class Params(Parameters):
    """Which backend, and what its servers are called there."""

    on: str = optional("str", "The host role HAProxy runs on.", "lb")
    backend: str = required("str", "The backend, or listen section.")
    old: list[str] | None = optional(
        "list", "Names of the old servers in the configuration; their inventory names.", elements="str"
    )
    new: list[str] | None = optional(
        "list", "Names of the new servers in the configuration; their inventory names.", elements="str"
    )
    addresses: dict[str, str] | None = optional(
        "dict", "Address of each new server that is still to be added; that of the inventory."
    )
    hold: str = optional("str", "Which requests wait during the freeze.", "all", choices=("all", "writes"))
    limit_s: float = optional(
        "float", "After so many seconds requests pass, whatever happened; longer than the guard.", 60.0
    )
    wait_s: float = optional("float", "How long to wait for requests under way, or for a server to be up.", 5.0)
    end: bool = optional(
        "bool", "End what is still under way then instead of giving up: for TCP connections that stay open.", False
    )
    config: str | None = optional("path", "HAProxy's configuration.")
    socket: str | None = optional("path", "Its admin socket; that of the configuration.")
    master_socket: str | None = optional("path", "Its master's socket.")
    service: str | None = optional("str", "Its service.")


OLD = "{{ migration.hosts.old }}"
NEW = "{{ migration.hosts.new }}"
ADDRESSES = "{{ dict(migration.hosts.new | zip(migration.addresses.new)) }}"
PLACES = ("config", "socket", "master_socket", "service")


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Add what lets requests wait, and the new servers, out of service."""
    addresses = ADDRESSES if params.addresses is None else params.addresses
    return [_step(name, params, "can hold requests, and has the way back", "prepare", addresses=addresses)]


def hold(name: str, params: Params) -> Sequence[Step]:
    """Let requests wait until those under way have ended."""
    words: dict[str, object] = {"hold": params.hold, "limit_s": params.limit_s, "wait_s": params.wait_s}
    words |= {"end": True} if params.end else {}
    return [_step(name, params, "requests wait", "hold", **words)]


def point_to(name: str, params: Params) -> Sequence[Step]:
    """Send requests to the new servers."""
    return [_step(name, params, "points to new", "point", to="new", wait_s=params.wait_s)]


def release(name: str, params: Params) -> Sequence[Step]:
    """Let requests go on."""
    return [_step(name, params, "requests go on", "release")]


def back(name: str, params: Params) -> Sequence[Step]:
    """Send requests to the old servers."""
    return [_step(name, params, "points to old", "point", to="old", wait_s=params.wait_s)]


def current(name: str, params: Params, to: str) -> Sequence[Step]:
    """Fail unless requests go to ``to``, now and after a reload."""
    return [_step(name, params, f"is at {to}", "current", to=to)]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Take away what let requests wait."""
    return [_step(name, params, "needs no hold any more", "remove")]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the balancer does alone: point to old, then let requests go on."""
    pointing = {**_words(params, "point"), "to": "old", "must_be_up": False}
    return [
        {"module": "haproxy_switch", "params": pointing},
        {"module": "haproxy_switch", "params": _words(params, "release")},
    ]


def _step(name: str, params: Params, says: str, verb: str, **more: object) -> Step:
    return Step(params.on, {"name": f"{name}: {says}", "haproxy_switch": {**_words(params, verb), **more}})


def _words(params: Params, verb: str) -> dict[str, object]:
    given = {word: getattr(params, word) for word in PLACES if getattr(params, word) is not None}
    sides = {"old": OLD if params.old is None else params.old, "new": NEW if params.new is None else params.new}
    return {"do": verb, "backend": params.backend, **sides, **given}
