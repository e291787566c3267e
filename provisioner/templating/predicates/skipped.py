"""Whether a task was skipped."""

from __future__ import annotations

from provisioner.templating.results import result_of


def skipped(result: object) -> bool:
    """Tell whether the task was skipped.

    >>> skipped({"skipped": True}), skipped({})
    (True, False)
    """
    return bool(result_of(result, "skipped").get("skipped", False))
