"""``setup`` tells the same of a host as ansible-core does, key by key; what may differ is listed with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sides import Ours, Outcome, Theirs

HOST = "h1"
SUBSETS = (
    ["all"],
    ["!all"],
    ["!all", "!min"],
    ["!all", "!min", "network"],
    ["hardware"],
    ["!hardware"],
    ["min"],
    ["date_time", "!min"],
    ["!network", "virtual"],
    ["!foo"],
)
FILTERS = (["ansible_dist*"], ["distribution*"], ["*local*", "ansible_user_*"])

MAY_DIFFER = {
    "ansible_date_time": "the two runs are not at the same time",
    "ansible_uptime_seconds": "as above",
    "ansible_loadavg": "as above",
    "ansible_memfree_mb": "as above",
    "ansible_memory_mb": "as above",
    "ansible_env": "each login is a session of its own, and ansible-core sets LANG for its modules",
    "ansible_mounts": "free space changes between the runs; places, devices, kinds and options are compared",
    "ansible_interfaces": "without an order in ansible-core; compared as a set",
    "ansible_locally_reachable_ips": "the kernel adds link-local addresses a moment after the start; without an order",
    "ansible_system_capabilities": "ansible-core misreads what newer capsh prints; ours are those of the process",
    "ansible_python": "compared without the path of the interpreter's link",
    "ansible_lvm": "sizes of volumes that are in use",
    "gather_subset": "what was asked for",
    "ansible_virtualization_tech_guest": "without an order in ansible-core",
    "ansible_virtualization_tech_host": "as above",
}
UNORDERED = ("ansible_interfaces", "ansible_virtualization_tech_guest", "ansible_virtualization_tech_host")
STEADY = ("mount", "device", "fstype", "options", "uuid", "dump", "passno")


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Return a playbook that gathers every subset and every filter, one a task."""
    tasks: list[dict[str, Any]] = [{"setup": {"gather_subset": subset}} for subset in SUBSETS]
    tasks += [{"setup": {"filter": patterns}} for patterns in FILTERS]
    book = tmp_path / "facts.yml"
    book.write_text(json.dumps([{"hosts": HOST, "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return book


def _facts(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.exit_code == 0, outcome.text
    return [dict(entry.result["ansible_facts"]) for entry in outcome.entries if entry.kind == "task"]


def _steady(mounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(({key: each.get(key) for key in STEADY} for each in mounts), key=lambda each: str(each["mount"]))


@pytest.mark.compat
@pytest.mark.timeout(300)
def test_setup_answers_with_the_same_keys_and_values(asked: Path, ours: Ours, theirs: Theirs, tmp_path: Path) -> None:
    found = []
    for side in (theirs, ours):
        place = tmp_path / side.name
        place.mkdir()
        found.append(_facts(side.run([asked], ["-l", HOST], place)))
    for what, left, right in zip((*SUBSETS, *FILTERS), *found, strict=True):
        assert sorted(right) == sorted(left), f"{what}: other keys"
    left, right = found[0][0], found[1][0]
    unequal = {key: (left[key], right[key]) for key in left if key not in MAY_DIFFER and left[key] != right[key]}
    assert not unequal
    assert _steady(right["ansible_mounts"]) == _steady(left["ansible_mounts"])
    for name in UNORDERED:
        assert sorted(right[name]) == sorted(left[name])
