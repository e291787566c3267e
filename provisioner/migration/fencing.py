"""The fence around the old server after the switch: nothing is written there any more, stragglers are led on.

``provisioner/migration/stages.py`` calls these with the parameters written under ``fence:`` of a definition.
"""

# ruff: noqa: ARG001 - all take what is written under ``fence``

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.steps import OLD, Step
from provisioner.remote.params import Parameters, optional, required


class Params(Parameters):
    """What is fenced, and what becomes of those who still come."""

    ports: list[str] = required(
        "list", "The TCP ports of the service; ``80:8080`` where it is another on the new server.", elements="str"
    )
    exempt: list[str] = optional(
        "list",
        "Addresses and networks that go on reaching the old server: monitoring, copies back.",
        (),
        elements="str",
    )
    forward: bool = optional("bool", "Lead those who still come on to the new server; else they are refused.", True)
    masquerade: bool = optional("bool", "The new server sees the old one as the client of those led on.", True)
    to: str | None = optional("str", "Where they are led on to; the new server's address.")
    resolve: bool = optional("bool", "Look up the names of those who come.", False)
    quiet_s: float = optional("float", "Clients not seen for so long are not counted any more.", 86400.0)
    install: bool = optional("bool", "Install nftables where it is missing.", True)


PEER = "[peer_address]"
BALANCERS = "migration.addresses.lb | default([])"


def prepare(params: Mapping[str, object]) -> Sequence[Step]:
    """Install what the fence is made of, so that it is there in a moment when it is needed."""
    if not Params.parse(params).install:
        return ()
    return [_step("the fence can be made", {"package": {"name": "nftables", "state": "present"}})]


def fence(params: Mapping[str, object]) -> Sequence[Step]:
    """Keep writes away from the old server; a balancer, whose writes wait, goes on reading there until it switches."""
    told = Params.parse(params)
    return [_gate("old is fenced", "fenced", ports=told.ports, exempt=exempt(told, BALANCERS))]


def forward(params: Mapping[str, object]) -> Sequence[Step]:
    """Lead those who still ask the old server on to the new one, and keep a ledger of them (after the switch)."""
    told = Params.parse(params)
    if not told.forward:
        return [_gate("old is fenced", "fenced", ports=told.ports, exempt=exempt(told))]
    words = {"to": told.to or "{{ peer_address }}", "masquerade": told.masquerade}
    return [_gate("stragglers are led on", "forwarding", ports=told.ports, exempt=exempt(told), **words)]


def ledger(params: Mapping[str, object]) -> Sequence[Step]:
    """Read the ledger; the result has ``count``, ``quiet_for_s`` and ``stragglers``."""
    told = Params.parse(params)
    return [_gate("stragglers", "read", resolve=told.resolve, quiet_s=told.quiet_s)]


def unfence(params: Mapping[str, object]) -> Sequence[Step]:
    """Let the old server serve again."""
    return [_gate("old is not fenced", "open")]


def retire(params: Mapping[str, object]) -> Sequence[Step]:
    """Take the forwarding away, too: the old server is silent."""
    return [_gate("old is silent", "fenced", ports=Params.parse(params).ports)]


def undo(params: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """Return what the old server does alone to serve again."""
    return [{"module": "straggler_gate", "params": {"id": "{{ migration.id }}", "state": "open"}}]


def exempt(told: Params, more: str = "[]") -> str:
    """Return who is let through: those written, and the new server, which brings back what is written there."""
    return f"{{{{ ({list(told.exempt)!r} + {PEER} + ({more})) | select | list }}}}"


def _gate(says: str, state: str, **more: object) -> Step:
    return _step(says, {"straggler_gate": {"id": "{{ migration.id }}", "state": state, **more}})


def _step(says: str, action: Mapping[str, object]) -> Step:
    return Step(OLD, {"name": f"fence: {says}", **action})
