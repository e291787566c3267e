"""Every module, killed before each of its changing calls: files are the old ones or the new, and a next run ends it.

The cases are those of the tables; what counts as a step is told in ``killing.py``.
"""

from __future__ import annotations

import re
import shutil
import stat
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.modules.killing import Recorded, Seen, kill, record, seen, set_up
from tests.modules.stand_in import UnlistedCommand
from tests.modules.test_tables import Bench, tables

PASSING = re.compile(r"(?:^|/)\.prov-|\.(?:new|part)$")
"""Names of what is made beside a file to take its place: a killed run may leave these, for nobody else to read."""
BACKUP = re.compile(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$")
NOTES = {
    ("nginx_switch", ".unfinished"): "tells a next run that nginx and the holder were not told yet",
    ("tree_freeze", ".aside"): "tells a next run that writers were not waited for yet",
    ("straggler_gate", "/ledger.json"): "is whole at each time, and counts the same in another place",
}
"""What a killed run may leave as neither of both ends, for the next run to read; that one puts it right."""
NOT_JUDGED = {
    "tempfile: a file": "makes something of another name each time",
    "tempfile: a directory": "makes something of another name each time",
    "archive: packs with xz, leaving itself out": "packs the folder it writes to, whose time changes",
}
UNTOLD = "its table does not tell how the host is between two programs"
READ_ONCE = "has the kernel read a file when that changes, and no other sign that this is due"
NOT_FOLLOWED = {
    "git": UNTOLD,
    "iptables": UNTOLD,
    "podman_container": UNTOLD,
    "mount": READ_ONCE,
    "sysctl": READ_ONCE,
}
"""Modules whose next run is not asked whether it starts the programs that were not started."""

EVERYONE = ("others", 0)
ByPath = dict[str, Seen]


def _modules() -> list[Any]:
    cases = [(parameter.values[0], parameter.values[1]) for parameter in tables()]
    return [
        pytest.param(module, [case for _, case in found], id=str(module))
        for module, found in groupby(cases, key=lambda each: each[0])
    ]


@pytest.mark.parametrize(("module", "cases"), _modules())
def test_killed_in_the_middle_it_leaves_each_file_old_or_new_and_a_next_run_ends_it(
    module: str, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    """At every third step; which of three it begins with hangs on the case's name."""
    _kill_all(module, cases, tmp_path, 3)


@pytest.mark.campaign
@pytest.mark.parametrize(("module", "cases"), _modules())
def test_killed_at_any_step_it_leaves_each_file_old_or_new_and_a_next_run_ends_it(
    module: str, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    _kill_all(module, cases, tmp_path, 1)


def _kill_all(module: str, cases: list[dict[str, Any]], tmp_path: Path, each_nth: int) -> None:
    problems = []
    for number, case in enumerate(cases):
        expect = case.get("expect", {})
        changes = not expect.get("failed") and expect.get("changed") is not False
        if changes and f"{module}: {case['name']}" not in NOT_JUDGED:
            found = _problems_of(module, case, tmp_path / str(number), each_nth)
            problems += [f"{case['name']}, {each}" for each in found]
            shutil.rmtree(tmp_path / str(number))
    assert not problems, "\n".join(problems)


def _problems_of(module: str, case: dict[str, Any], place: Path, each_nth: int) -> list[str]:
    place.mkdir(parents=True)
    bench = set_up(module, case, place / "undisturbed")
    old = seen(bench.root)
    recorded = record(bench)
    new = seen(bench.root)
    problems = []
    for step in recorded.worth[crc32(case["name"].encode()) % each_nth :: each_nth]:
        killed = set_up(module, case, place / f"killed-{step}")
        kill(killed, step)
        where = f"before step {step} of {' '.join(recorded.steps)}: "
        there = [_without_notes(module, each) for each in (old, new, seen(killed.root))]
        problems += [where + each for each in _halves(*there, _by_programs(case))]
        if case.get("again", "unchanged") == "unchanged":
            problems += [where + each for each in _next_run(killed, recorded, new)]
            if module not in NOT_FOLLOWED:
                problems += [where + each for each in _not_run(bench, killed)]
    return problems


def _without_notes(module: str, there: ByPath) -> ByPath:
    endings = tuple(ending for which, ending in NOTES if which == module)
    return {path: each for path, each in there.items() if not path.endswith(endings)}


def _by_programs(case: dict[str, Any]) -> set[tuple[str, bytes]]:
    """Return what the case's programs write, each in its own time."""
    written = [each.get("writes", {}).items() for each in case.get("commands", [])]
    return {(path.lstrip("/"), str(content).encode()) for pairs in written for path, content in pairs}


def _halves(old: ByPath, new: ByPath, now: ByPath, by_programs: set[tuple[str, bytes]]) -> list[str]:
    """Return in words what is neither old nor new, nor as a program left it."""
    problems = []
    for path in sorted({*old, *new, *now}):
        before, after, there = old.get(path), new.get(path), now.get(path)
        if there in (before, after) or (there and (path, there.content) in by_programs):
            continue
        if there is None and before and after and stat.S_IFDIR in (before.kind, after.kind):
            continue  # a directory cannot be replaced in one step
        if there is None:
            problems.append(f"{path} is gone: {before} {after}")
        elif before is None and after is None:
            if not _may_stay(path, there, [*old.values(), *new.values()]):
                problems.append(f"{path} is left behind: {there}")
        elif not _is_between(before, after, there):
            problems.append(f"{path} is half: {there}, was {before}, is to be {after}")
    return problems


def _may_stay(path: str, there: Seen, ends: list[Seen]) -> bool:
    """Tell whether it is a whole backup, or was to take a file's place, and is open to nobody who may not read that."""
    like = [end for end in ends if (end.kind, end.content) == (there.kind, there.content)]
    if any(_readers(there) <= _readers(end) for end in like) and BACKUP.search(path):
        return True
    allowed = set().union({("user", there.uid)}, *map(_readers, like))
    return PASSING.search(path) is not None and _readers(there) <= allowed


def _is_between(before: Seen | None, after: Seen | None, there: Seen) -> bool:
    """Tell whether it is on its way from one to the other, and open to nobody to whom neither of both is open."""
    ends = [end for end in (before, after) if end is not None]
    if all((there.kind, there.content) != (end.kind, end.content) for end in ends):
        return False
    if there.kind != stat.S_IFDIR and before is None:
        return False
    allowed = set().union(*map(_readers, ends))
    return EVERYONE in allowed or _readers(there) <= allowed


def _readers(there: Seen) -> set[tuple[str, int]]:
    found = {
        ("user", there.uid): there.mode & 0o400,
        ("group", there.gid): there.mode & 0o040,
        EVERYONE: there.mode & 0o004,
    }
    return {reader for reader, may in found.items() if may and reader != ("user", 0)}  # root reads everything


def _not_run(bench: Bench, killed: Bench) -> list[str]:
    """Return in words what changes the host, and was run undisturbed but neither before the end nor by the next run."""
    effects = [each["argv"] for each in bench.commands.entries if each.get("effect") or "writes" in each]
    missing = [each for each in effects if bench.commands.has_run(each) and not killed.commands.has_run(each)]
    return [f"the next run does not run {each}" for each in missing]


def _lasting(there: ByPath) -> ByPath:
    passing = re.compile(PASSING.pattern + "|" + BACKUP.pattern)
    return {path: each for path, each in there.items() if not passing.search(path)}


def _next_run(bench: Bench, recorded: Recorded, new: ByPath) -> list[str]:
    """Return in words how the next run does not end where an undisturbed one does."""
    try:
        result = bench.run()
    except UnlistedCommand:
        return []  # the table tells nothing about a host in this state
    if bool(result.get("failed")) != bool(recorded.result.get("failed")):
        return [f"the next run says: {result.get('msg')}"]
    now, wanted = _lasting(seen(bench.root)), _lasting(new)
    if now == wanted:
        return []
    differ = {path: (now.get(path), wanted.get(path)) for path in {*now, *wanted} if now.get(path) != wanted.get(path)}
    return [f"the next run did not end it: {differ}"]
