"""Whether text begins with a pattern."""

from __future__ import annotations

import re


def match(value: object, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    """Tell whether the regular expression matches at the start.

    >>> match("foobar", "foo"), match("foobar", "bar")
    (True, False)
    """
    return matches(value, pattern, "match", ignorecase, multiline)


def matches(value: object, pattern: str, how: str, ignorecase: bool, multiline: bool) -> bool:
    """Tell whether a pattern matches: ``match`` at the start, ``search`` anywhere, ``fullmatch`` all of it."""
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    return bool(getattr(re.compile(str(pattern), flags), how)(str(value)))
