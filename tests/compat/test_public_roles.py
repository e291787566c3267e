"""Roles of a public distribution, unmodified: as under ansible-core, and nothing left to do the second time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from comparing import differences
from debops import VARIABLES, Distribution, open_distribution
from sides import Ours, Theirs
from twice import HOST, left_by, unequal

from provisioner.lab.lab import Lab

LEAST_TASKS = 30
ROLES = ("users", "snmpd", "nginx")
BY_CHANCE = {
    "snmpd": ("/etc/snmp/ansible-local-password.json", "/etc/snmp/snmp.local.conf", "/etc/snmp/snmpd.conf"),
    "nginx": ("/srv/www/sites/localhost/public/index.html",),
}
"""Files whose content holds a password or a word that the role draws anew in every run: only their attributes count."""


@dataclass(frozen=True)
class OursWithRoles(Ours):
    """provisioner, with the distribution's collections, and ansible-core for modules that need its libraries."""

    variables: tuple[tuple[str, str], ...] = ()

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment with these variables."""
        return {**super().environment(folder), **dict(self.variables)}


@dataclass(frozen=True)
class TheirsWithRoles(Theirs):
    """ansible-core, with the distribution's collections."""

    variables: tuple[tuple[str, str], ...] = ()

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment with these variables."""
        return {**super().environment(folder), **dict(self.variables)}


@pytest.fixture(scope="module")
def distribution() -> Distribution:
    """The distribution."""
    return open_distribution()


def _groups(role: str, folder: Path) -> Path:
    groups = {"debops_all_hosts": {"hosts": {HOST: {}}}, f"debops_service_{role}": {"hosts": {HOST: {}}}}
    written = folder / "groups.yml"
    variables = {**VARIABLES, "secret__root": str(folder)}
    written.write_text(json.dumps({"all": {"children": groups, "vars": variables}}), encoding="utf-8")
    return written


@pytest.mark.compat
@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("role", ROLES)
def test_a_public_role_does_the_same_and_nothing_the_second_time(
    role: str, distribution: Distribution, lab: Lab, ours: Ours, theirs: Theirs, tmp_path: Path
) -> None:
    own = ("ANSIBLE_COLLECTIONS_PATH", str(distribution.collections))
    both = ("ANSIBLE_COLLECTIONS_PATH", f"{distribution.collections}:{distribution.neighbours}")
    modules = ("PROVISIONER_ANSIBLE_PYTHON", str(theirs.programs / "python"))
    left_side = OursWithRoles(ours.name, ours.inventory, ours.scratch, (own, modules))
    right_side = TheirsWithRoles(theirs.name, theirs.inventory, theirs.scratch, theirs.programs, (both,))
    playbook, arguments = distribution.playbook(role), ["-i", str(_groups(role, tmp_path))]
    right = left_by(right_side, lab, playbook, tmp_path, arguments)
    left = left_by(left_side, lab, playbook, tmp_path, [*arguments, "--mistakes", "at-run"])
    lab.reset(HOST)
    told = [differences(left.first, right.first), differences(left.second, right.second)]
    for host in (left.host, right.host):
        for path in BY_CHANCE.get(role, ()):
            assert host["files"][path].pop("sha256")
    told += unequal(left.host, right.host)
    if any(told):
        pytest.fail("\n".join(each for each in told if each), pytrace=False)
    assert left.first.exit_code == 0, left.first.text[-2000:]
    assert left.first.recap[HOST]["changed"] > 0
    assert left.second.recap[HOST]["changed"] == 0
    assert sum(left.first.recap[HOST][each] for each in ("ok", "skipped")) >= LEAST_TASKS
