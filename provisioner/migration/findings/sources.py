"""Repositories from which the old server gets packages and the new one does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.discovery.snapshot import Item
from provisioner.migration.sight import Finding, Severity, Sight, lines

HOST = re.compile(r"\w+://(?:[^@/\s]*@)?([^/\s]+)")


def look(sight: Sight) -> Iterator[Finding]:
    """Yield the servers of packages that only the old server asks."""
    both = sight.pair("repositories")
    if both is None:
        return
    old, new = ({host: line for line, item in each.items() if (host := _host(line, item))} for each in both)
    missing = lines(line for host, line in old.items() if host not in new)
    if missing:
        yield Finding(
            "repositories",
            Severity.MEDIUM if sight.is_built else Severity.LOW,
            "the new server does not know some of the old server's repositories",
            "packages from there cannot be installed, and those that are copied get no updates",
            missing,
            "add them with their keys (modules deb822_repository, yum_repository), or accept those that are not needed",
        )


def _host(line: str, item: Item) -> str:
    found = HOST.search(line)
    return found[1] if found and item.get("enabled") is not False else ""
