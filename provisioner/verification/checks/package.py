"""A package is installed, or is not."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, CheckParams, Seen, equal, matching, unseen


class Params(CheckParams):
    """The package, and which version of it."""

    name: str = required("str", "The package, or something that packages provide.")
    state: str = optional("str", "Whether it has to be there.", "present", choices=("present", "absent"))
    version: str | None = optional("str", "Its version; * stands for anything, as in 1.22.*.")
    free_form = "name"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "package", "name": params.name}


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("package", seen)
    if found:
        return found
    found = [equal("state", params.state, "present" if seen["installed"] else "absent")]
    if params.version is not None and params.state == "present":
        found.append(matching("version", params.version, seen["version"]))
    return found
