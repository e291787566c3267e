"""The names under which a server is known to others."""

from __future__ import annotations

import re

from provisioner.discovery.snapshot import Snapshot

NAME = re.compile(r"(?=.{4,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)+", re.IGNORECASE)
PRIVATE = (".local", ".localdomain", ".internal", ".lan", ".home", ".test", ".example", ".invalid", ".localhost")


def names_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the names under which a server is known to others: those of its sites and its own."""
    found = [str(snapshot.items("os").get("hostname", {}).get("fqdn", ""))]
    for site in snapshot.items("websites").values():
        given = site.get("names")
        found += map(str, given) if isinstance(given, list) else []
    return tuple(sorted({each.rstrip(".").lower() for each in found if is_name(each)}))


def is_name(text: str) -> bool:
    """Tell whether a text is a name that can be asked for: no address, no wildcard, no name of a private network."""
    plain = text.rstrip(".").lower()
    is_address = re.fullmatch(r"[\d.]+", plain) is not None
    return bool(NAME.fullmatch(plain)) and not is_address and not plain.endswith(PRIVATE)
