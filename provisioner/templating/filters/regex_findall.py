"""Finds every match of a regular expression."""

from __future__ import annotations

import re


def regex_findall(value: object, regex: str, multiline: bool = False, ignorecase: bool = False) -> list[object]:
    r"""Return all matches, or the groups of all matches.

    >>> regex_findall("Some DNS servers are 8.8.8.8 and 8.8.4.4", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b")
    ['8.8.8.8', '8.8.4.4']
    """
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    return list(re.findall(str(regex), str(value), flags))
