"""How long caches keep the names that lead to the old server."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines

HIGH_S, LONG_S = 300, 3600


def look(sight: Sight) -> Iterator[Finding]:
    """Yield names with a long time to live that point to the old server, and names that could not be asked for."""
    own = _addresses(sight)
    mine = {name: each for name, each in sight.names.items() if own & set(each.addresses) or not own}
    slow = {name: each for name, each in mine.items() if each.ttl_s > HIGH_S}
    if slow:
        longest = max(each.ttl_s for each in slow.values())
        yield Finding(
            "dns-ttl",
            Severity.HIGH if longest >= LONG_S else Severity.MEDIUM,
            f"names that lead to the old server are kept by caches for up to {longest:,} s",
            "after the switch clients come to the old server for as long",
            lines(f"{name}: {each.ttl_s} s, {', '.join(each.addresses)}" for name, each in slow.items()),
            f"lower the time to live to 60 s now, then wait {longest:,} s before the switch (switcher dns does both)",
        )
    unknown = lines(f"{name}: {each.problem}" for name, each in sight.names.items() if each.problem)
    if unknown:
        yield Finding(
            "dns-unknown",
            Severity.LOW,
            "names of the old server's sites could not be asked for",
            "their time to live is not known",
            unknown,
            "ask where they resolve, or remove sites that are not used",
        )


def _addresses(sight: Sight) -> set[str]:
    found = {sight.old.address} if sight.old.address else set()
    for item in sight.old.items("hardware").values():
        given = item.get("addresses")
        found |= {str(each).partition("/")[0] for each in given} if isinstance(given, list) else set()
    return found
