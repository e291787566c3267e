"""The old way to give a lookup its options: ``key file=x.csv col=2`` in one text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from provisioner.templating.errors import LookupFailed

_PAIR = re.compile(r"""(?:^|(?<=\s))([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S*)""")


def split_options(term: object, known: Collection[str], given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the key of a term and its options, those written in the term over the ``given`` ones.

    >>> split_options('"The Rock" Johnson file="a b.csv" col=1', ("file", "col"), {"col": 0})
    ('"The Rock" Johnson', {'col': '1', 'file': 'a b.csv'})
    """
    options = dict(given)
    text = str(term)
    if "=" in text:
        for name, value in _PAIR.findall(text):
            options[name] = _unquoted(value)
        text = _PAIR.sub("", text)
    for name in options:
        if name not in known:
            raise LookupFailed(f"{name} is not a valid option; there are {', '.join(known)}")
    return text.strip(), options


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0] else value
