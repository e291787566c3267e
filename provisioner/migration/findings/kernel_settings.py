"""Kernel settings that somebody made on the old server and nobody on the new one."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines


def look(sight: Sight) -> Iterator[Finding]:
    """Yield settings that are configured on the old server and have another value on the new one."""
    both = sight.pair("sysctl")
    if both is None or not sight.is_built:
        return
    old, new = both
    found = lines(
        f"{key}: {item.get('value')} on the old server, {new.get(key, {}).get('value', 'not known')} on the new one"
        for key, item in old.items()
        if item.get("configured") and new.get(key, {}).get("value") != item.get("value")
    )
    if found:
        yield Finding(
            "kernel-settings",
            Severity.MEDIUM,
            "kernel settings of the old server are missing on the new one",
            "they were made for a reason: connections, memory, files or routing under load",
            found,
            "set them by the playbook (module sysctl), or accept those that are outdated",
        )
