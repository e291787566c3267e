"""A name leads to the addresses it should, asked from the host or from the controller."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, Seen, SoonParams, includes, shown, unseen


class Params(SoonParams):
    """The name, and what it has to lead to."""

    name: str = required("str", "The name; for PTR the address.")
    type: str = optional("str", "Kind of answer; any address by default.", "any", choices=("any", "A", "AAAA", "PTR"))
    addresses: list[str] = optional("list", "Answers that must be there.", (), elements="str", aliases=("address",))
    state: str = optional("str", "Whether the name has to be known.", "present", choices=("present", "absent"))
    from_: str = optional("str", "Who asks.", "target", choices=("target", "controller"))
    free_form = "name"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "dns", "name": params.name, "type": params.type}


def is_asked_here(params: Params) -> bool:
    """Tell whether the controller asks."""
    return params.from_ == "controller"


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("name", seen)
    if found:
        return found
    addresses = [str(each) for each in seen["addresses"]]
    actual = shown(addresses) if addresses else f"nothing ({seen.get('why', 'no such name')})"
    if params.state == "absent":
        return [Assertion("answer", "nothing", actual, not addresses)]
    found.append(Assertion("answer", "an address", actual, bool(addresses)))
    if params.addresses and addresses:
        found.append(includes("addresses", params.addresses, addresses))
    return found
