"""Whether text is a URI."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def uri(value: object, schemes: Collection[str] | None = None) -> bool:
    """Tell whether text can be read as a URI; ``schemes`` are those allowed.

    >>> uri("https://example.com"), uri("http://[oops"), uri("ftp://x", ["https"])
    (True, False, False)
    """
    try:
        parts = urlsplit(str(value))
    except ValueError:
        return False
    allowed = [schemes] if isinstance(schemes, str) else schemes
    return not allowed or parts.scheme in allowed
