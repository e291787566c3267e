"""Whether a value counts as true."""

from __future__ import annotations

from provisioner.templating.filters.bool import bool as to_bool


def truthy(value: object, convert_bool: bool = False) -> bool:
    """Tell whether Python takes the value for true; with ``convert_bool`` the words for yes and no count.

    >>> truthy("no"), truthy("no", convert_bool=True), truthy([])
    (True, False, False)
    """
    return bool(converted(value) if convert_bool else value)


def converted(value: object) -> object:
    """Return a boolean for its word, the value itself where it is none."""
    words = ("yes", "on", "true", "1", "y", "t", "no", "off", "false", "0", "n", "f")
    if isinstance(value, str) and value.lower() in words:
        return value.lower() in ("y", "t") or to_bool(value)
    return value
