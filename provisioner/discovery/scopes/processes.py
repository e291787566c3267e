"""What runs, and which programs still use files that were deleted or replaced. Nothing here is compared."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Rule
from provisioner.discovery.sections import Finding, Sections
from provisioner.discovery.snapshot import Json
from provisioner.discovery.sockets import program

PROBE = r"""
section programs
for each in /proc/[0-9]*; do
  [ -s "$each/cmdline" ] || [ -e "$each/exe" ] || continue
  printf '%s\t%s\t%s\n' "${each#/proc/}" "$(cat "$each/comm" 2>/dev/null)" "$(readlink "$each/exe" 2>/dev/null)"
done
section deleted
ls -l /proc/[0-9]*/fd 2>/dev/null |
  awk '/^\/proc/{split($0, p, "/"); pid=p[3]} / \(deleted\)$/{sub(/^.* -> /, ""); print pid"\t"$0}'
section replaced
grep -HE 'r-xp.*\(deleted\)$' /proc/[0-9]*/maps 2>/dev/null | awk '{split($1, p, "/"); print p[3]"\t"$6}' | sort -u
needs_root 'open files of other users are not known'
"""
FLEETING = re.compile(r"/(dev/shm|run|memfd:|SYSV|tmp/\.|tmp/#|var/tmp/#|tmp/ib|tmp/ML|anon_hugepage|\[aio\])|^/memfd")
RULES: tuple[Rule, ...] = ()


def read(said: Sections) -> Finding:
    """Return programs with how often they run, and the deleted files they hold."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for pid, name, path in said.rows("programs", 3):
        if path:
            names[pid] = program(name)
            counts[names[pid]] = counts.get(names[pid], 0) + 1
    return Finding({}, {
        "programs": dict(sorted(counts.items())),
        "deleted_open": _held(said, "deleted", names),
        "replaced_libraries": _held(said, "replaced", names),
    })  # fmt: skip


def _held(said: Sections, section: str, names: dict[str, str]) -> list[Json]:
    held = {
        (names.get(pid, ""), path.removesuffix(" (deleted)"), int(pid))
        for pid, path in said.rows(section, 2)
        if pid.isdigit() and path.startswith("/") and not FLEETING.search(path)
    }
    return [{"program": name, "path": path, "pid": pid} for name, path, pid in sorted(held)]
