"""Memory of the new server against what is in use on the old one."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, measured, number, size_text, value

NEARLY = 1.2


def look(sight: Sight) -> Iterator[Finding]:
    """Yield a finding where the new server has less memory than the old one uses, or has."""
    both = sight.pair("hardware")
    if both is None:
        return
    old, new = (number(value(each, "memory", "bytes")) for each in both)
    use = measured(sight.old, "hardware")
    free = number(use.get("memory_available"))
    used = max(0.0, old - free) + number(use.get("swap_used")) if free else 0.0
    if not new or new >= old:
        return
    severity = Severity.INHIBITOR if new < used else Severity.HIGH if new < used * NEARLY else Severity.LOW
    yield Finding(
        "memory",
        severity,
        "the new server has less memory than the old one",
        "programs are killed or swap when memory runs out, and then everything is slow"
        if severity is not Severity.LOW
        else "what is in use now fits; peaks may not",
        (
            f"old server: {size_text(old)}, of which {size_text(used)} were in use (with swap)",
            f"new server: {size_text(new)}",
        ),
        f"give it {size_text(max(used * NEARLY, old))} or more, or lower what programs reserve (shared_buffers, heaps, "
        "workers)",
    )
