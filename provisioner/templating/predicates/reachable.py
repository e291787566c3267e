"""Whether a host answered."""

from __future__ import annotations

from provisioner.templating.results import result_of


def reachable(result: object) -> bool:
    """Tell whether the host could be reached.

    >>> reachable({}), reachable({"unreachable": True})
    (True, False)
    """
    return not result_of(result, "reachable").get("unreachable", False)
