"""Replaces what a regular expression matches."""

from __future__ import annotations

import re


def regex_replace(
    value: object = "",
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    **counts: int,
) -> str:
    r"""Return ``value`` with every match replaced; ``\1`` and ``\g<name>`` stand for groups.

    Further options: ``count`` is the most replacements to make, ``mandatory_count`` the number there must be.

    >>> regex_replace("foobar", "^f.*o(.*)$", r"\1")
    'bar'
    >>> regex_replace("foo=bar=baz", ":|=", ".", count=1)
    'foo.bar=baz'
    """
    most, wanted = counts.pop("count", 0), counts.pop("mandatory_count", 0)
    if counts:
        raise TypeError(f"regex_replace has no option {', '.join(counts)}")
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    text, made = re.subn(str(pattern), str(replacement), str(value), count=most, flags=flags)
    if wanted and made != wanted:
        raise ValueError(f"'{pattern}' should match {wanted} times, but matches {made} times in '{value}'")
    return text
