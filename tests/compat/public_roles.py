"""Runs roles of public distributions, unmodified, under both programs, and says where what they did differs.

``python tests/compat/public_roles.py [NAME...]`` prints a row of a table for each; test_public_roles.py runs the same.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from comparing import differences
from distributions import DEBOPS_VARIABLES, RAGLEAP_WHEEL, ansible_collections, debops_collections, debops_playbook
from sides import Ours, Outcome, Theirs, oracle_programs
from twice import HOST, Left, left_by, unequal

from provisioner.lab.lab import Lab

LAB = "pubroles"
LEAST_TASKS = 30
PATIENCE_S = 1500
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3kLq2mXb3oT4o0y8b7u7l1m1m0JmB2m8b2n0h5r1Qk someone@example.org"


@dataclass(frozen=True)
class PublicRole:
    """A role, or the playbook its distribution brings for it, with the variables a user would have to give.

    ``by_chance`` begins the paths of files whose content is drawn anew in every run (passwords, keys, times): of these
    only the attributes are compared. ``drawn`` names facts of that kind. ``again`` says how many tasks change something
    in each further run, under ansible-core, too.
    """

    name: str
    source: str = "debops"
    variables: Mapping[str, Any] = field(default_factory=dict)
    by_chance: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    again: int = 0

    def playbook(self, folder: Path) -> Path:
        """Return the playbook; a plain one is written for a role that comes without."""
        if self.source == "debops":
            return debops_playbook(self.name)
        if self.source == "ragleap-ansible":
            return RAGLEAP_WHEEL.opened() / "ragleap_ansible/playbooks/bootstrap.yml"
        written = folder / "play.yml"
        written.write_text(json.dumps([{"hosts": "all", "become": True, "roles": [self.name]}]), encoding="utf-8")
        return written

    def collections(self, folder: Path) -> Path:
        """Return the folder of collections that provisioner gets: the role's own alone."""
        if self.source != "ansible":
            return debops_collections()
        namespace, name, _role = self.name.split(".")
        link = folder / "own" / "ansible_collections" / namespace / name
        if not link.exists():
            link.parent.mkdir(parents=True)
            link.symlink_to(ansible_collections() / "ansible_collections" / namespace / name)
        return folder / "own"

    def groups(self, folder: Path) -> Path:
        """Write the groups the playbook is for, and the variables."""
        variables = dict(self.variables)
        names = ["ragleap_servers"]
        if self.source == "debops":
            names = ["debops_all_hosts", f"debops_service_{self.name}"]
            variables = {**DEBOPS_VARIABLES, "secret__root": str(folder / "controller"), **variables}
        content = {"all": {"children": {name: {"hosts": {HOST: {}}} for name in names}, "vars": variables}}
        written = folder / "groups.yml"
        written.write_text(json.dumps(content), encoding="utf-8")
        return written


# by these a user would keep the way in, or meets what Debian calls its package's folders
ROOT_FROM_HERE = {
    "name": "allow-root-ansible-controllers",
    "permission": "allow",
    "users": "root",
    "origins": ["10.77.0.0/16"],
}
ZABBIX = {
    "zabbix_manage_repo": False,
    "zabbix_agent_version": 6.0,
    "zabbix_agent_install_agent_only": True,
    "zabbix_agent_logfile": "/var/log/zabbix-agent/zabbix_agentd.log",
    "zabbix_agent_server": "10.77.0.1",
    "zabbix_agent_tlspsk_auto": True,
    "zabbix_agent_tlspskidentity": "lab",
}
RAGLEAP = {
    "ragleap_base_deploy_ssh_public_key": KEY,
    "ragleap_base_harden_ssh": True,
    "ragleap_base_enable_firewall": True,
}
CRON_TIMES = ("/etc/crontab", "/etc/ansible/facts.d/cron.fact")
ROLES = (
    PublicRole("users"),
    PublicRole("snmpd", by_chance=("/etc/snmp/",)),
    PublicRole("nginx", by_chance=("/srv/www/sites/localhost/public/index.html",)),
    PublicRole("sshd", variables={"pam_access__rules": [{"name": "sshd", "options": [ROOT_FROM_HERE]}]}),
    PublicRole("pki", by_chance=CRON_TIMES, drawn=("pki_fact_session_token",)),
    PublicRole("postgresql_server"),
    PublicRole("redis_server", by_chance=("/etc/redis/main/ansible-redis-static.conf",)),
    PublicRole(
        "community.zabbix.zabbix_agent",
        "ansible",
        ZABBIX,
        by_chance=("/etc/zabbix/tls_psk_auto.secret",),
        drawn=("zabbix_agent_tlspskcheck",),
    ),
    PublicRole("ragleap_base", "ragleap-ansible", RAGLEAP),
)


@dataclass(frozen=True)
class OursWithRoles(Ours):
    """provisioner, with a distribution's collections, and ansible-core for modules that need its libraries."""

    patience_s: ClassVar[float] = PATIENCE_S
    variables: tuple[tuple[str, str], ...] = ()

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment with these variables."""
        return {**super().environment(folder), **dict(self.variables)}


@dataclass(frozen=True)
class TheirsWithRoles(Theirs):
    """ansible-core, with the distribution's collections."""

    patience_s: ClassVar[float] = PATIENCE_S
    variables: tuple[tuple[str, str], ...] = ()

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment with these variables."""
        return {**super().environment(folder), **dict(self.variables)}


@dataclass(frozen=True)
class Compared:
    """What both did with a role, twice each on a clean host."""

    role: PublicRole
    ours: Left
    theirs: Left

    @property
    def tasks(self) -> int:
        """Return how many tasks came to the host in the first run."""
        return sum(self.ours.first.recap.get(HOST, {}).get(each, 0) for each in ("ok", "skipped"))

    def told(self) -> list[str]:
        """Return the differences in readable form."""
        pairs = (self.ours.first, self.theirs.first), (self.ours.second, self.theirs.second)
        told = [differences(*(_without_drawn(outcome, self.role.drawn) for outcome in pair)) for pair in pairs]
        hosts = [_without_chance(left.host, self.role.by_chance) for left in (self.ours, self.theirs)]
        return [each for each in (*told, *unequal(*hosts)) if each]

    def row(self) -> str:
        """Return the row of a table: tasks, changes in both runs, seconds."""
        ours, theirs = ([f"{s:.0f} s" for s in left.seconds] for left in (self.ours, self.theirs))
        changed = [each.recap.get(HOST, {}).get("changed", "?") for each in (self.ours.first, self.ours.second)]
        cells = [self.role.name, self.role.source, self.tasks, *changed, " + ".join(ours), " + ".join(theirs)]
        return "| " + " | ".join(map(str, cells)) + " |"


def run_ours(role: PublicRole, lab: Lab, folder: Path) -> Left:
    """Run the role's playbook twice with provisioner on a clean host."""
    own = ("ANSIBLE_COLLECTIONS_PATH", str(role.collections(folder)))
    modules = ("PROVISIONER_ANSIBLE_PYTHON", str(oracle_programs() / "python"))
    side = OursWithRoles("ours", lab.inventory_path, str(folder / "ours"), (own, modules))
    return _run(side, role, lab, folder / "ours", ["--mistakes", "at-run"])


def run_theirs(role: PublicRole, lab: Lab, folder: Path) -> Left:
    """Run the role's playbook twice with ansible-core on a clean host."""
    both = ("ANSIBLE_COLLECTIONS_PATH", f"{role.collections(folder)}:{ansible_collections()}")
    side = TheirsWithRoles("theirs", lab.inventory_path, str(folder / "theirs"), oracle_programs(), (both,))
    return _run(side, role, lab, folder / "theirs", [])


def _run(side: Ours | Theirs, role: PublicRole, lab: Lab, folder: Path, arguments: list[str]) -> Left:
    folder.mkdir()
    return left_by(side, lab, role.playbook(folder), folder, ["-i", str(role.groups(folder)), *arguments])


def compared(role: PublicRole, lab: Lab, folder: Path) -> Compared:
    """Run the role with both."""
    theirs = run_theirs(role, lab, folder)
    return Compared(role, run_ours(role, lab, folder), theirs)


def _without_chance(host: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    files = {
        path: {name: value for name, value in about.items() if name != "sha256" or not path.startswith(paths)}
        for path, about in host["files"].items()
    }
    return {**host, "files": files}


def _without_drawn(outcome: Outcome, names: tuple[str, ...]) -> Outcome:
    entries = []
    for entry in outcome.entries:
        facts = entry.result.get("ansible_facts")
        if isinstance(facts, Mapping) and not facts.keys().isdisjoint(names):
            kept = {name: value for name, value in facts.items() if name not in names}
            entry = replace(entry, result={**entry.result, "ansible_facts": kept})  # noqa: PLW2901
        entries.append(entry)
    return replace(outcome, entries=tuple(entries))


def main(names: list[str]) -> int:
    """Print a row for each role, and the differences."""
    lab = Lab(LAB)
    lab.up([HOST])
    wanted = [role for role in ROLES if not names or role.name in names]
    bad = 0
    for role in wanted:
        with tempfile.TemporaryDirectory() as folder:
            done = compared(role, lab, Path(folder))
        told = done.told()
        bad += bool(told)
        sys.stdout.write("\n".join([done.row(), *told]) + "\n")
        sys.stdout.flush()
    lab.down()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
