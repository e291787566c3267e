"""Whether a job in the background was started."""

from __future__ import annotations

from provisioner.templating.results import result_of


def started(result: object) -> bool:
    """Tell whether the job was started.

    >>> started({"started": 1}), started({"started": 0})
    (True, False)
    """
    values = result_of(result, "started")
    return values.get("started", 1) in (1, "1", True)
