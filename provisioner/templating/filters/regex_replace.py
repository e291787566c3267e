"""Replaces what a regular expression matches."""

from __future__ import annotations

import re


def regex_replace(  # noqa: PLR0913, PLR0917 - the filter's documented options
    value: object = "",
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    r"""Return ``value`` with every match replaced; ``\1`` and ``\g<name>`` stand for groups.

    ``mandatory_count`` fails where another number of replacements was made.

    >>> regex_replace("foobar", "^f.*o(.*)$", r"\1")
    'bar'
    >>> regex_replace("foo=bar=baz", ":|=", ".", count=1)
    'foo.bar=baz'
    """
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    text, made = re.subn(str(pattern), str(replacement), str(value), count=count, flags=flags)
    if mandatory_count and made != mandatory_count:
        raise ValueError(f"'{pattern}' should match {mandatory_count} times, but matches {made} times in '{value}'")
    return text
