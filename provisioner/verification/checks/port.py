"""Something listens on a port, or nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, Seen, SoonParams, shown, unseen

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never listened on


class Params(SoonParams):
    """The port, and on which of the host's addresses."""

    port: int = required("int", "The port.")
    address: str | None = optional("str", "The address; who listens on all of them listens on this one too.")
    protocol: str = optional("str", "The protocol.", "tcp", choices=("tcp", "udp"))
    state: str = optional("str", "Whether somebody listens.", "listening", choices=("listening", "closed"))
    free_form = "port"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "port", "port": params.port, "protocol": params.protocol}


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("port", seen)
    if found:
        return found
    addresses = [str(each) for each in seen["addresses"]]
    if params.address is None:
        is_open = bool(addresses)
    else:
        is_open = params.address in addresses or bool(EVERYWHERE & set(addresses))
    where = f" on {params.address}" if params.address else ""
    actual = f"listening on {shown(addresses)}" if addresses else "closed"
    return [Assertion("state", params.state + where, actual, is_open == (params.state == "listening"))]
