"""Text out of a URL."""

from __future__ import annotations

from urllib.parse import unquote_plus


def urldecode(string: object) -> str:
    """Return the text with ``%xx`` and ``+`` decoded.

    >>> urldecode("a%20b+c")
    'a b c'
    """
    return unquote_plus(str(string))
