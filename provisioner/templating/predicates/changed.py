"""Whether a task changed something."""

from __future__ import annotations

from provisioner.templating.results import result_of


def changed(result: object) -> bool:
    """Tell whether the result, or that of any loop item, is changed.

    >>> changed({"changed": True}), changed({"results": [{"changed": False}, {"changed": True}]})
    (True, True)
    """
    values = result_of(result, "changed")
    if "changed" in values:
        return bool(values["changed"])
    items = values.get("results")
    return isinstance(items, list) and any(isinstance(item, dict) and item.get("changed") for item in items)
