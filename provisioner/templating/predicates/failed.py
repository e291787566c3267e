"""Whether a task failed."""

from __future__ import annotations

from provisioner.templating.results import result_of


def failed(result: object) -> bool:
    """Tell whether the result is a failure.

    >>> failed({"failed": True}), failed({"rc": 0})
    (True, False)
    """
    return bool(result_of(result, "failed").get("failed", False))
