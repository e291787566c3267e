"""A service runs, or does not; and whether it starts at boot."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import Assertion, Seen, SoonParams, equal, shown, unseen

RUNNING = frozenset({"active", "reloading"})
STOPPED = frozenset({"inactive", "failed", "not-found"})


class Params(SoonParams):
    """The systemd unit and what is expected of it."""

    name: str = required("str", "The service; other units by their full name.")
    state: str | None = optional("str", "Whether it runs.", "running", choices=("running", "started", "stopped"))
    enabled: bool | None = optional("bool", "Whether it starts at boot.")
    free_form = "name"


def question(params: Params) -> dict[str, object]:
    """Return what to look at."""
    return {"kind": "service", "name": params.name}


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("service", seen)
    if found:
        return found
    state = str(seen["state"])
    if params.state == "stopped":
        found.append(Assertion("state", "stopped", _told(seen), state in STOPPED))
    else:
        found.append(Assertion("state", "running", _told(seen), state in RUNNING))
    if params.enabled is not None:
        found.append(equal("enabled", params.enabled, seen["enabled"]))
    return found


def _told(seen: Seen) -> str:
    """Return the unit's state in systemd's words."""
    state = str(seen["state"])
    more = [str(seen[key]) for key in ("sub", "result") if seen.get(key) not in (None, "", state, "success")]
    return f"{shown(state)} ({', '.join(more)})" if more and state not in RUNNING else state
