"""Packages that the new server lacks or has in an older version, and databases that would go back a version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from provisioner.discovery.snapshot import Item
from provisioner.discovery.versions import is_older
from provisioner.migration.sight import Finding, Severity, Sight, lines

KERNELS = re.compile(
    r"linux-(image|headers|modules|tools|kbuild|compiler|cpupower)|kernel(-|$)|microcode|firmware|grub|shim"
)
SERVERS = re.compile(
    r"(mariadb-server|mysql-server|mysql-community-server|redis-server|redis|mongodb-org-server|postgresql-server)$"
)
"""Database servers whose packages have the same name in every version."""


def look(sight: Sight) -> Iterator[Finding]:
    """Yield what is missing, what is older, and which database servers are older."""
    both = sight.pair("packages")
    if both is None:
        return
    old, new = both
    wanted = {name: each for name, each in old.items() if not each.get("automatic") and not KERNELS.match(name)}
    missing = lines(f"{name} {each.get('version', '')}" for name, each in wanted.items() if name not in new)
    if missing:
        yield Finding(
            "packages-missing",
            Severity.HIGH if sight.is_built else Severity.LOW,
            f"{len(missing)} packages of the old server are not on the new one",
            "they were installed on purpose there: something uses them"
            if sight.is_built
            else "the playbook that builds the new server has to install those that are still needed",
            missing,
            "install them by the playbook, or accept those that are not needed any more",
        )
    older = _older({name: each for name, each in old.items() if not KERNELS.match(name)}, new)
    databases = lines(older[name] for name in older if SERVERS.match(name))
    others = lines(older[name] for name in older if not SERVERS.match(name))
    if databases:
        yield Finding(
            "database-older",
            Severity.INHIBITOR,
            "a database server is older on the new server",
            "data written by a newer version cannot be read by an older one",
            databases,
            "install the same version or a newer one on the new server",
        )
    if others:
        yield Finding(
            "packages-older",
            Severity.MEDIUM,
            f"{len(others)} packages are older on the new server",
            "configuration, data or programs may need what only the newer version does",
            others,
            "upgrade them, or see that what uses them works with the older version",
        )
    yield from _databases(old, new, is_built=sight.is_built)


def _older(old: Mapping[str, Item], new: Mapping[str, Item]) -> dict[str, str]:
    found = {}
    for name, each in old.items():
        before, after = str(each.get("version", "")), str(new.get(name, {}).get("version", ""))
        if before and after and is_older(after, before):
            found[name] = f"{name}: {before} on the old server, {after} on the new one"
    return found


def _databases(old: Mapping[str, Item], new: Mapping[str, Item], *, is_built: bool) -> Iterator[Finding]:
    """PostgreSQL has its major version in the package's name: an older one there is another package here."""
    before, after = (_postgresql(each) for each in (old, new))
    if before and after and max(after) < max(before):
        yield Finding(
            "postgresql-older",
            Severity.INHIBITOR if is_built else Severity.HIGH,
            "PostgreSQL is older on the new server",
            "neither a dump nor a replica goes back to an older major version",
            (f"old server: {max(before):g}", f"new server: {max(after):g}"),
            f"install postgresql-{max(before):g} or newer on the new server",
        )


def _postgresql(items: Mapping[str, Item]) -> list[float]:
    found = (re.fullmatch(r"postgresql-(\d+(?:\.\d+)?)", name) for name in items)
    return [float(match[1]) for match in found if match]
