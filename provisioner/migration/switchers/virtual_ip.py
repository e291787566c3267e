"""Moves an address: the old server gives it up and cannot answer for it, the new one takes and announces it."""

# ruff: noqa: ARG001 - every switcher's verbs take the same arguments

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, optional, required


class Params(Parameters):
    """Which address."""

    on: str = optional("str", "The host role that takes the address back alone: the old server.", OLD, choices=(OLD,))
    address: str = required("str", "The address with its network's length: 10.0.0.80/24, 2001:db8::80/64.")
    interface: str | None = optional("str", "Where it belongs; the interface that has an address of its network.")
    ports: list[str] = optional("list", "TCP ports of the service; all.", (), elements="str")
    lease_s: float = optional(
        "float", "The new server loses the address after so many seconds unless the switch is confirmed.", 60.0
    )
    limit_s: float = optional("float", "Connections wait no longer than this; longer than the guard.", 60.0)
    wait_s: float = optional("float", "How long to wait for requests under way.", 5.0)
    install: bool = optional("bool", "Install nftables where it is missing.", True)


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Install what keeps the address off a host, and tell where its configuration names the address."""
    package = {"name": f"{name}: nftables", "package": {"name": "nftables", "state": "present"}}
    installing = [Step((OLD, NEW), package)] if params.install else []
    return [*installing, _step((OLD, NEW), name, params, "can be moved", "current")]


def hold(name: str, params: Params) -> Sequence[Step]:
    """Let connections to both servers wait: the clients' systems repeat what is not answered."""
    words = {"ports": list(params.ports), "limit_s": params.limit_s, "wait_s": params.wait_s}
    return [_step((OLD, NEW), name, params, "connections wait", "held", **words)]


def point_to(name: str, params: Params) -> Sequence[Step]:
    """Move the address; the new server has it only for a time until ``release`` makes it last."""
    return [
        _step(OLD, name, params, "old gives it up", "absent"),
        _step(NEW, name, params, "new takes it", "present", lease_s=params.lease_s),
    ]


def release(name: str, params: Params) -> Sequence[Step]:
    """Let connections pass, and let the new server keep the address if it has it."""
    return [
        _step(NEW, name, params, "new keeps it", "kept"),
        _step((OLD, NEW), name, params, "connections pass", "released"),
    ]


def back(name: str, params: Params) -> Sequence[Step]:
    """Move the address back."""
    return [
        _step(NEW, name, params, "new gives it up", "absent"),
        _step(OLD, name, params, "old takes it", "present", wait_s=params.lease_s),
    ]


def current(name: str, params: Params, to: str) -> Sequence[Step]:
    """Fail unless ``to`` has the address and the other one has not."""
    other = NEW if to == OLD else OLD
    return [
        _step(to, name, params, f"is at {to}", "current", expect=True),
        _step(other, name, params, f"is not at {other}", "current", expect=False),
    ]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old server does alone: take the address once the new one lost it; connections pass."""
    taking = {**_words(params, "present"), "wait_s": params.lease_s + 5.0}
    return [
        {"module": "address_move", "params": taking},
        {"module": "address_move", "params": _words(params, "released")},
    ]


def _step(on: str | Sequence[str], name: str, params: Params, says: str, state: str, **more: object) -> Step:
    return Step(on, {"name": f"{name}: {says}", "address_move": {**_words(params, state), **more}})


def _words(params: Params, state: str) -> dict[str, object]:
    where = {"interface": params.interface} if params.interface else {}
    return {"address": params.address, "state": state, **where}
