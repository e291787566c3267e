"""Whether a task succeeded."""

from __future__ import annotations

from provisioner.templating.results import result_of


def succeeded(result: object) -> bool:
    """Tell whether the result is no failure; a skipped task counts too.

    >>> succeeded({"rc": 0}), succeeded({"failed": True})
    (True, False)
    """
    return not result_of(result, "succeeded").get("failed", False)
