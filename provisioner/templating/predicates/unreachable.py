"""Whether a host did not answer."""

from __future__ import annotations

from provisioner.templating.results import result_of


def unreachable(result: object) -> bool:
    """Tell whether the host could not be reached.

    >>> unreachable({}), unreachable({"unreachable": True})
    (False, True)
    """
    return bool(result_of(result, "unreachable").get("unreachable", False))
