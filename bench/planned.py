"""Plans roles on clean lab hosts, applies the plans, and counts by role and label whether what was foreseen happened.

    planned.py [--only NAME ...] [--lab NAME]

The jobs are the repository's own site (its roles on three hosts) and playbooks of a public distribution (DebOps, each
on a host made new, with all the roles it brings along). What happened is read from the journal, not from what ``apply``
says of itself. A line is kept when it ended as the plan says (changed, ok or skipped); lines that are unknown until run
promise nothing and are only counted. Roles that roll dice (a random minute, a new password) are another thing at every
look: apply refuses them, as it should. The exit code is the number of proven lines that came out otherwise, and of
changes that the plan does not name.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP)]  # as a script this folder is on the path, the tree is not

from provisioner.app.planning import STATUSES  # noqa: E402
from provisioner.journal.places import FILE, runs_dir  # noqa: E402
from provisioner.journal.replay import replay  # noqa: E402
from provisioner.lab.lab import Lab  # noqa: E402
from provisioner.model.event import OperationFinished  # noqa: E402
from provisioner.model.plan import UNKNOWN  # noqa: E402
from provisioner.model.status import Status  # noqa: E402
from tests.compat.distributions import DEBOPS_VARIABLES, debops_collections, debops_playbook  # noqa: E402

ENTRY = "from provisioner.cli.main import entry; entry()"
SITE_HOSTS = ("old", "new", "lb")
PUBLIC = ("users", "redis_server", "nginx", "sshd", "sysctl", "locales", "cron", "logrotate", "sudo", "rsyslog")
STEP_S = 900
ROLE = re.compile(r"/roles/([A-Za-z0-9_-]+)/")


@dataclass
class Row:
    """What became of the lines of one role."""

    kept: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    unreached: int = 0
    beyond: int = 0


class Jobs:
    """The jobs on one lab, and what came of them."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")}
        self.environment |= {"PYTHONPATH": str(TOP), "PROVISIONER_STATE_DIR": str(folder / "state"), "NO_COLOR": "1"}
        self.rows: dict[str, Row] = {}
        self.otherwise: list[str] = []
        self.refused: list[str] = []
        self.wrong = 0

    def site(self) -> None:
        """Do the repository's own site."""
        password = str(TOP / "inventories/demo/vault-password.txt")
        inventories = ["-i", str(self.lab.inventory_path), "-i", str(TOP / "inventories/demo")]
        self.job("site", TOP / "playbooks/site.yml", [*inventories, "--vault-password-file", password])

    def public(self, role: str) -> None:
        """Do a playbook of the distribution on the host ``new``."""
        groups = {name: {"hosts": {"new": {}}} for name in ("debops_all_hosts", f"debops_service_{role}")}
        written = self.folder / f"{role}.yml"
        variables = {**DEBOPS_VARIABLES, "secret__root": str(self.folder)}
        written.write_text(json.dumps({"all": {"children": groups, "vars": variables}}), encoding="utf-8")
        self.environment["ANSIBLE_COLLECTIONS_PATH"] = str(debops_collections())
        inventories = ["-i", str(self.lab.inventory_path), "-i", str(written), "--limit", "new"]
        self.job(role, debops_playbook(role), [*inventories, "--mistakes", "at-run"])

    def job(self, name: str, playbook: Path, words: list[str]) -> None:
        """Plan, apply and compare."""
        self.lab.reset()
        plan = self.folder / f"{name}.plan"
        planned = self._run("plan", str(playbook), *words, "-o", str(plan))
        if planned.returncode not in {0, 2} or not plan.exists():
            print(f"{name}: plan ended with {planned.returncode}\n{planned.stderr[-1500:]}{planned.stdout[-1500:]}")
        if not plan.exists():
            self.wrong += 1
            return
        journals = self._journals()
        again = words[words.index("--vault-password-file") :] if "--vault-password-file" in words else []
        applied = self._run("apply", str(plan), *again)
        if len(self._journals()) < len(journals) + 2:  # apply looks again, then runs
            print(f"{name}: refused, as the second look saw something else\n{applied.stdout[:1500]}", flush=True)
            self.refused.append(name)
            return
        rows, wrong = self._compare(name, json.loads(plan.read_text("utf-8")))
        self.wrong += wrong
        lines, kept = sum(sum(r.lines.values()) for r in rows), sum(sum(r.kept.values()) for r in rows)
        print(f"{name}: plan {planned.returncode}, apply {applied.returncode}, {kept} of {lines} lines", flush=True)
        if applied.returncode:
            print(applied.stdout[-2500:], applied.stderr[-500:])

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", ENTRY, *words], env=self.environment, cwd=self.folder, capture_output=True,
            text=True, check=False, timeout=STEP_S,
        )  # fmt: skip

    def _compare(self, job: str, plan: dict[str, list[dict[str, str]]]) -> tuple[list[Row], int]:
        """Count the plan's lines against what the last run's journal says."""
        journal = self._journals()[-1]
        happened = {(e.operation, e.host): e for e in replay(journal) if isinstance(e, OperationFinished)}
        touched, wrong = [], 0
        opened = [each["operation"] for each in plan["foreseen"] if each["label"] == UNKNOWN]
        for line in plan["foreseen"]:
            row = self._row(job, line["where"])
            touched.append(row)
            event = happened.pop((line["operation"], line["host"]), None)
            if event is None:
                row.unreached += 1
                continue
            label, came = line["label"], STATUSES.get(event.status, "failed")
            row.lines[label] += 1
            row.kept[label] += came == line["status"] or label == UNKNOWN
            if came != line["status"] and label != UNKNOWN:
                wrong += label == "proven"
                self.otherwise.append(
                    f"{job}: {label} {line['status']}, came out {came}: {line['title']} {line['where']}"
                )
        for (operation, host), event in happened.items():
            if event.status is Status.CHANGED and not any(operation.startswith(f"{each}/") for each in opened):
                wrong += 1
                self.otherwise.append(f"{job}: not in the plan, and changed: {operation} on {host}")
        return list({id(row): row for row in touched}.values()), wrong

    def _journals(self) -> list[Path]:
        return sorted(runs_dir(self.environment).glob(f"*/{FILE}"))

    def _row(self, job: str, where: str) -> Row:
        found = ROLE.search(where)
        return self.rows.setdefault(found[1] if found else f"({job} itself)", Row())

    def summary(self) -> None:
        """Print the counts."""
        labels = ("proven", "predicted", UNKNOWN)
        print(f"\n{'role':28} {'proven':>11} {'predicted':>11} {'unknown':>8} {'not reached':>12}")
        total = Row()
        for name, row in [*sorted(self.rows.items()), ("all", total)]:
            counts = [f"{row.kept[label]}/{row.lines[label]}" for label in labels[:2]]
            print(f"{name:28} {counts[0]:>11} {counts[1]:>11} {row.lines[UNKNOWN]:8} {row.unreached:12}")
            if row is not total:
                total.kept.update(row.kept)
                total.lines.update(row.lines)
                total.unreached += row.unreached
        print("\n".join(["", *self.otherwise, f"refused: {', '.join(self.refused) or 'none'}"]))


def main() -> int:
    """Do the jobs and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=("site", *PUBLIC))
    parser.add_argument("--lab", default="planned")
    options = parser.parse_args()
    lab = Lab(options.lab, say=print)
    with tempfile.TemporaryDirectory(prefix="planned-") as scratch:
        try:
            lab.up(SITE_HOSTS)
            jobs = Jobs(lab, Path(scratch))
            for name in options.only or ("site", *PUBLIC):
                jobs.site() if name == "site" else jobs.public(name)
            jobs.summary()
        finally:
            lab.down()
    return min(100, jobs.wrong)


if __name__ == "__main__":
    sys.exit(main())
