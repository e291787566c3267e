"""Files that are deleted but still in use: what is in them is lost when the program ends."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines, measured

SCRATCH = ("/tmp/", "/var/tmp/", "/dev/")  # noqa: S108 - where programs keep open files without a name on purpose


def look(sight: Sight) -> Iterator[Finding]:
    """Yield deleted files that programs of the old server hold, and libraries replaced under running programs."""
    seen = measured(sight.old, "processes")
    held = lines(
        f"{each.get('path')} held by {each.get('program')} ({each.get('pid')})"
        for each in seen.get("deleted_open", [])
        if not str(each.get("path")).startswith(SCRATCH)
    )
    if held:
        yield Finding(
            "deleted-files",
            Severity.MEDIUM,
            "programs of the old server use files that were deleted",
            "no copy of the file system has them, and they are gone when the program is stopped for the move",
            held,
            "save them while they are open (cp /proc/PID/fd/N FILE) or see that they are not needed; logs: restart "
            "or reopen",
        )
    stale = lines(f"{each.get('program')}: {each.get('path')}" for each in seen.get("replaced_libraries", []))
    if stale:
        yield Finding(
            "replaced-libraries",
            Severity.LOW,
            "programs of the old server run with libraries that have been replaced",
            "they have not been restarted since an upgrade: whether they start again was never tried",
            stale,
            "restart them before the move, not in it",
        )
