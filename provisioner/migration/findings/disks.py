"""Disks that fail or are about to, and arrays and file systems that say so."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines, measured


def look(sight: Sight) -> Iterator[Finding]:
    """Yield what disks, arrays, file systems and the kernel say of themselves on each server."""
    for side, snapshot in sight.sides:
        health = measured(snapshot, "hardware").get("disk_health", {})
        seen = measured(snapshot, "health")
        failing = lines(
            [f"{disk}: {text}" for disk, text in health.items() if text and str(text).upper() not in ("PASSED", "OK")]
            + [str(each) for each in seen.get("smart", [])]
        )
        if failing:
            yield Finding(
                f"disk-failing:{side}",
                Severity.INHIBITOR,
                f"a disk of the {side} server is failing",
                "a full copy is the hardest work a disk gets: it may be its last"
                if side == "old"
                else "what is moved there may soon be lost",
                failing,
                "copy what matters most first (databases, then files), have a proven backup, run no checks on the disk"
                if side == "old"
                else "replace it before anything is moved",
            )
        broken = lines([str(each) for each in (*seen.get("arrays", []), *seen.get("file_systems", []))])
        if broken:
            yield Finding(
                f"storage-damaged:{side}",
                Severity.HIGH,
                f"arrays or file systems of the {side} server are damaged",
                "data may be wrong already, and one more fault loses it",
                broken,
                "repair the array (mdadm --add), check the file system, compare the data with a backup",
            )
        messages = lines(str(each) for each in seen.get("kernel", []))
        if messages:
            yield Finding(
                f"kernel-errors:{side}",
                Severity.HIGH,
                f"the kernel of the {side} server reported failures",
                "errors of disks, memory or file systems become wrong copies",
                messages,
                "find the part that fails before the move",
            )
