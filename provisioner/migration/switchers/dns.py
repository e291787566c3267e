"""Changes a DNS record to the new server; its lifetime is lowered ahead, and that of before waited out."""

# ruff: noqa: ARG001 - every switcher's verbs take the same arguments

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, optional, required


class Params(Parameters):
    """Which record, and who takes updates of it."""

    on: str = optional("str", "The host role that sends the updates.", "dns")
    record: str = required("str", "The record's full name.")
    type: str = optional("str", "Its type.", "A", choices=("A", "AAAA", "CNAME"))
    old: list[str] | None = optional(
        "list", "Its values for the old server; the address of the inventory.", elements="str"
    )
    new: list[str] | None = optional(
        "list", "Its values for the new server; the address of the inventory.", elements="str"
    )
    ttl: int = optional("int", "Its lifetime around the switch, in seconds.", 30)
    server: str = optional("str", "The server that takes updates.", "127.0.0.1")
    port: int = optional("int", "Its port.", 53)
    zone: str | None = optional("str", "The zone; found out.")
    servers: list[str] | None = optional("list", "All servers of the zone; those its NS records name.", elements="str")
    key_name: str | None = optional("str", "Name of the TSIG key.")
    key_secret: str | None = optional("str", "The key itself, in base64; keep it in a vault.", no_log=True)
    key_algorithm: str = optional("str", "Its algorithm.", "hmac-sha256")
    wait_s: float = optional("float", "How long to wait until all servers have the record.", 10.0)
    wait_out: bool = optional("bool", "Refuse to switch while the lifetime of before is not over.", True)


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Lower the lifetime; ``measured.wait_s`` is how long that of before goes on."""
    return [_step(name, params, "lives shortly", "lower", ttl=params.ttl)]


def point_to(name: str, params: Params) -> Sequence[Step]:
    """Change the record to the new server, on all servers of the zone."""
    return [_step(name, params, "points to new", "point", **_pointing(params, NEW))]


def back(name: str, params: Params) -> Sequence[Step]:
    """Change the record to the old server."""
    return [_step(name, params, "points to old", "point", **_pointing(params, OLD))]


def current(name: str, params: Params, to: str) -> Sequence[Step]:
    """Fail unless all servers of the zone have the record at ``to``; for ``old`` its earlier lifetime must be over."""
    waited = {"must_have_waited": params.wait_out and to == OLD}
    return [_step(name, params, f"is at {to}", "current", values=_values(params, to), **waited)]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Give the record the lifetime it had."""
    return [_step(name, params, "lives as long as before", "restore")]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the host does alone: point the record to the old server."""
    return [{"module": "dns_switch", "params": {**_words(params, "point"), **_pointing(params, OLD)}}]


def _step(name: str, params: Params, says: str, verb: str, **more: object) -> Step:
    return Step(params.on, {"name": f"{name}: {says}", "dns_switch": {**_words(params, verb), **more}})


def _pointing(params: Params, side: str) -> dict[str, object]:
    return {"values": _values(params, side), "ttl": params.ttl, "wait_s": params.wait_s}


def _values(params: Params, side: str) -> list[str]:
    given = params.old if side == OLD else params.new
    return given or [f"{{{{ migration.addresses.{side}[0] }}}}"]


def _words(params: Params, verb: str) -> dict[str, object]:
    given = {word: getattr(params, word) for word in ("zone", "servers", "key_name", "key_secret")}
    always = {word: getattr(params, word) for word in ("record", "type", "server", "port", "key_algorithm")}
    return {"do": verb, **always, **{word: value for word, value in given.items() if value is not None}}
