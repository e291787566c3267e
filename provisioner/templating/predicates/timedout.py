"""Whether a job in the background took too long."""

from __future__ import annotations

from provisioner.templating.results import result_of


def timedout(result: object) -> bool:
    """Tell whether the time of the job was up.

    >>> timedout({"timedout": {"period": 5}}), timedout({})
    (True, False)
    """
    return bool(result_of(result, "timedout").get("timedout", False))
