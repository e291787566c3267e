"""Finds the first match of a regular expression, or groups of it."""

from __future__ import annotations

import re


def regex_search(value: object, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False) -> object:
    r"""Return the matched text, or the list of the wanted groups (``\1``, ``\g<name>``), or None.

    >>> regex_search("server1/database42", "database[0-9]+")
    'database42'
    >>> regex_search("server1/database42", r"server([0-9]+)/database([0-9]+)", r"\1", r"\2")
    ['1', '42']
    """
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    wanted: list[str | int] = []
    for group in groups:
        named = re.fullmatch(r"\\g<(\S+)>", group)
        numbered = re.fullmatch(r"\\(\d+)", group)
        if named:
            wanted.append(named.group(1))
        elif numbered:
            wanted.append(int(numbered.group(1)))
        else:
            raise ValueError(f"regex_search: '{group}' is no group; write \\1 or \\g<name>")
    found = re.search(str(regex), str(value), flags)
    if found is None:
        return None
    return [found.group(group) for group in wanted] if wanted else found.group()
