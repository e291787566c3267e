"""Processors of the new server against the load of the old one."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, measured, number, value


def look(sight: Sight) -> Iterator[Finding]:
    """Yield a finding where the new server has fewer processors than the old one needs, or has."""
    both = sight.pair("hardware")
    if both is None:
        return
    old, new = (number(value(each, "processor", "count")) for each in both)
    if not new or new >= old:
        return
    loads = [number(each) for each in measured(sight.old, "hardware").get("load", [])]
    busy = max(loads[1:], default=0.0)
    yield Finding(
        "processors",
        Severity.HIGH if busy > new else Severity.LOW,
        "the new server has fewer processors than the old one",
        "work would queue up: more of it is ready to run than the new server can run at once"
        if busy > new
        else "the load of that moment fits; peaks may not",
        (f"old server: {old:.0f}, load of the last 5 and 15 minutes at most {busy:g}", f"new server: {new:.0f}"),
        "give it as many, or measure the load over a day before you decide",
    )
