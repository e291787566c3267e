"""What of a host an operation looks at and may change: a plan is sure where nothing before it can make a difference.

A module that works on one file has that path as its footprint, one that keeps an entry by name has its kind of entry.
Of everything else (packages, commands, services, modules nobody here knows) it is not known what else they touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provisioner.execution.outcome import Outcome
from provisioner.graph.operation import Operation

FILES = frozenset({
    "acl", "assemble", "blockinfile", "copy", "fetch", "file", "htpasswd", "ini_file", "lineinfile", "replace", "slurp",
    "stat", "template", "xml",
})  # fmt: skip
"""Modules that touch the file they name and nothing else."""
ENTRIES = {
    "user": "accounts", "group": "accounts", "cron": "cron", "cronvar": "cron", "sysctl": "sysctl", "mount": "mounts",
    "hostname": "hostname", "timezone": "timezone", "authorized_key": "keys", "known_hosts": "hosts",
    "modprobe": "kernel", "debconf": "debconf", "git_config": "git", "alternatives": "alternatives",
    "locale_gen": "locales",
}  # fmt: skip
"""Modules that keep entries of one kind, wherever these are stored."""
PATHS = ("path", "dest", "home", "keyfile", "diff")
PATH_ARGS = ("path", "dest", "name", "home")

Footprint = frozenset[str]
"""Paths, and kinds of entries; None in place of one is anything."""


def footprint(operation: Operation, outcome: Outcome) -> Footprint | None:
    """Return what an operation looks at, which is also all it may change."""
    task = operation.task
    action = task.action if task is not None else ""
    if task is None or not (action in FILES or action in ENTRIES):
        return None
    found = {path for each in _results(outcome) for path in _paths(each)}
    if not found:
        given = (task.args.get(name) for name in PATH_ARGS)
        found = {str(each) for each in given if isinstance(each, str) and each.startswith("/") and "{{" not in each}
    if action in ENTRIES:
        return frozenset(found | {ENTRIES[action]})
    return frozenset(found) or None


def overlap(one: Footprint | None, other: Footprint | None) -> bool:
    """Tell whether two operations may have to do with the same thing: equal, or one inside the other."""
    if one is None or other is None:
        return True
    return any(a == b or a.startswith(f"{b}/") or b.startswith(f"{a}/") for a in one for b in other)


def _results(outcome: Outcome) -> Iterable[Mapping[str, object]]:
    items = outcome.result.get("results")
    if isinstance(items, (list, tuple)):
        return [each for each in items if isinstance(each, Mapping)]
    return [outcome.result]


def _paths(result: Mapping[str, object]) -> Iterable[str]:
    for name in PATHS:
        value = result.get(name)
        if isinstance(value, str) and value.startswith("/"):
            yield value.rstrip("/") or "/"
        elif name == "diff":
            yield from _in_diff(value)


def _in_diff(diff: object) -> Iterable[str]:
    for each in diff if isinstance(diff, (list, tuple)) else [diff]:
        before = each.get("before") if isinstance(each, Mapping) else None
        if isinstance(before, Mapping) and isinstance(before.get("path"), str):
            yield str(before["path"])
