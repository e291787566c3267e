"""Words of a list chosen by other words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def param_list_compare(base: Sequence[str], other: Sequence[str]) -> dict[str, Any]:
    """Return the words that ``other`` chooses from ``base`` (``all``, ``!name`` without it), and those nobody knows.

    >>> param_list_compare(["vlans", "lldp"], ["all", "!lldp"])
    {'actionable': ['vlans'], 'unsupported': []}
    """
    dropped = {word[1:] for word in other if word.startswith("!")}
    chosen = [word for word in other if not word.startswith("!")]
    wanted = base if "all" in chosen or (dropped and not chosen) else [word for word in base if word in chosen]
    known = {*base, "all"}
    unknown = [word for word in other if word.removeprefix("!") not in known]
    return {"actionable": [word for word in wanted if word not in dropped], "unsupported": unknown}
