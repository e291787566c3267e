"""Whether text contains a pattern."""

from __future__ import annotations

from provisioner.templating.predicates.match import matches


def search(value: object, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    """Tell whether the regular expression matches anywhere.

    >>> search("foobar", "o+b"), search("foobar", "x")
    (True, False)
    """
    return matches(value, pattern, "search", ignorecase, multiline)
