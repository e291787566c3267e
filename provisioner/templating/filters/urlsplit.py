"""The parts of a URL."""

from __future__ import annotations

from urllib.parse import urlsplit as split_url

PARTS = ("scheme", "netloc", "path", "query", "fragment", "username", "password", "hostname", "port")


def urlsplit(value: object, query: str = "") -> object:
    """Return one part, or all as a dictionary.

    >>> urlsplit("https://user@www.example.com:9000/dir?q=1#top", "hostname")
    'www.example.com'
    """
    found = split_url(str(value))
    parts = {part: getattr(found, part) for part in PARTS}
    if not query:
        return parts
    if query not in parts:
        raise ValueError(f"urlsplit: unknown URL component: {query}; there are {', '.join(PARTS)}")
    return parts[query]
