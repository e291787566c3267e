"""Version numbers in order."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.templating.versions import Loose


def version_sort(value: Iterable[object], reverse: bool = False) -> list[object]:
    """Return the items sorted as versions.

    >>> version_sort(["2.10", "2.9", "2.1"])
    ['2.1', '2.9', '2.10']
    """
    return sorted(value, key=lambda item: Loose(str(item)), reverse=reverse)
