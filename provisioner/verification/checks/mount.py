"""A file system is mounted at a path, or is not."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, CheckParams, Seen, equal, includes, unseen


class Params(CheckParams):
    """The path, and what has to be mounted there; only what is given is looked at."""

    path: str = required("str", "Where it is mounted.")
    state: str = optional("str", "Whether something is mounted.", "mounted", choices=("mounted", "unmounted"))
    source: str | None = optional("str", "What is mounted, as /proc/mounts names it.", aliases=("src",))
    fstype: str | None = optional("str", "Its kind.")
    options: list[str] = optional("list", "Mount options, among others.", (), elements="str", aliases=("opts",))
    free_form = "path"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "mount", "path": params.path}


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("mount", seen)
    if found:
        return found
    found.append(equal("state", params.state, "mounted" if seen["mounted"] else "unmounted"))
    if not seen["mounted"] or params.state == "unmounted":
        return found
    wanted = {"source": params.source, "fstype": params.fstype}
    found += [equal(name, value, seen[name]) for name, value in wanted.items() if value is not None]
    if params.options:
        found.append(includes("options", params.options, list(seen["options"])))
    return found
