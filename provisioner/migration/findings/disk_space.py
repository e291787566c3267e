"""Room on the new server's file systems against what the old one's hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.migration.sight import Finding, Severity, Sight, measured, number, size_text

FULL, TIGHT = 0.95, 0.8
"""Above which share of the new file system there is no room, and above which there soon will be none."""


def look(sight: Sight) -> Iterator[Finding]:
    """Yield a finding for each file system of the new server that is too small or soon will be."""
    if sight.new is None:
        return
    old, new = (measured(each, "mounts").get("usage", {}) for each in (sight.old, sight.new))
    if not new:
        return
    for path, parts in _placed(old, new).items():
        for used_key, size_key, unit in (("used", "size", "bytes"), ("inodes_used", "inodes", "inodes")):
            needed, there = sum(number(old[each].get(used_key)) for each in parts), number(new[path].get(size_key))
            if there and needed > there * TIGHT:
                yield _finding(path, parts, (needed, there), unit)


def _placed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the old file systems by the file system of the new server in which their paths will lie."""
    found: dict[str, list[str]] = {}
    for path in sorted(old):
        home = max((each for each in new if _is_below(path, each)), key=len, default="")
        if home:
            found.setdefault(home, []).append(path)
    return found


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _finding(path: str, parts: list[str], amounts: tuple[float, float], unit: str) -> Finding:
    needed, there = amounts
    share = needed / there
    shown = size_text if unit == "bytes" else _count
    is_full = share > FULL
    return Finding(
        f"disk-space:{path}" if unit == "bytes" else f"inodes:{path}",
        Severity.INHIBITOR if is_full else Severity.HIGH,
        f"{path} of the new server is {'too small' if is_full else 'nearly too small'}",
        "the copy would end with a full disk, in the middle of the move or soon after it",
        (
            f"in use on the old server below {', '.join(parts)}: {shown(needed)}",
            f"size of {path} on the new server: {shown(there)} ({share:.0%} of it would be used)",
        ),
        f"give {path} at least {shown(needed / TIGHT)}, or move or delete data first",
    )


def _count(amount: float) -> str:
    return f"{amount:,.0f} inodes"
