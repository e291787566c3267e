"""Whether a job in the background has ended."""

from __future__ import annotations

from provisioner.templating.results import result_of


def finished(result: object) -> bool:
    """Tell whether the job has ended; without a job there is nothing to wait for.

    >>> finished({"finished": 0}), finished({"finished": 1}), finished({})
    (False, True, True)
    """
    values = result_of(result, "finished")
    return values.get("finished", 1) in (1, "1", True)
