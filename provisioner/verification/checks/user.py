"""A user is there with its attributes, or is not."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, CheckParams, Seen, equal, includes, unseen


class Params(CheckParams):
    """The user, and what is expected of it; only what is given is looked at."""

    name: str = required("str", "The user.")
    state: str = optional("str", "Whether it has to be there.", "present", choices=("present", "absent"))
    uid: int | None = optional("int", "Its number.")
    group: str | None = optional("str", "Its primary group.")
    groups: list[str] = optional("list", "Groups it is a member of, among others.", (), elements="str")
    home: str | None = optional("str", "Its home directory.")
    shell: str | None = optional("str", "Its login shell.")
    free_form = "name"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "user", "name": params.name}


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("user", seen)
    if found:
        return found
    found.append(equal("state", params.state, "present" if seen["exists"] else "absent"))
    if not seen["exists"] or params.state == "absent":
        return found
    wanted = {name: getattr(params, name) for name in ("uid", "group", "home", "shell")}
    found += [equal(name, value, seen[name]) for name, value in wanted.items() if value is not None]
    if params.groups:
        found.append(includes("groups", params.groups, [seen["group"], *seen["groups"]]))
    return found
