"""Whether text is a MAC address, and other ways to write it."""

from __future__ import annotations

import re


def hwaddr(value: object, query: str = "") -> object:
    """Return the MAC address, or False; queries: bare, bool, int, cisco, linux (unix), pgsql, win.

    >>> hwaddr("1a:2b:3c:4d:5e:6f"), hwaddr("1a2b3c4d5e6f", "cisco"), hwaddr("nonsense")
    ('1a:2b:3c:4d:5e:6f', '1a2b.3c4d.5e6f', False)
    """
    text = str(value)
    digits = re.sub(r"[:.-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        return False
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    answers: dict[str, object] = {
        "": text,
        "bare": digits.upper(),
        "bool": True,
        "int": int(digits, 16),
        "cisco": ".".join(digits[at : at + 4] for at in (0, 4, 8)),
        "linux": ":".join(pairs),
        "unix": ":".join(pairs),
        "pgsql": f"{digits[:6]}:{digits[6:]}",
        "win": "-".join(pairs).upper(),
    }
    if query not in answers:
        raise ValueError(f"hwaddr: there is no query '{query}'; there are {', '.join(list(answers)[1:])}")
    return answers[query]
