"""The two sides of a comparison: each runs a playbook and hands back the same kind of outcome."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
ORACLE_RELEASE = "2.18"
ORACLE_VARIABLE = "PROVISIONER_ORACLE"
PATIENCE_S = 300
COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


@dataclass(frozen=True)
class Entry:
    """What happened with one task (or one item of its loop, or one retry) on one host."""

    kind: str
    host: str
    task: str
    action: str = ""
    status: str = ""
    label: object = None
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a run did, as far as a user can tell."""

    exit_code: int
    plays: tuple[str, ...]
    entries: tuple[Entry, ...]
    recap: Mapping[str, Mapping[str, int]]
    text: str
    scratch: str


@dataclass(frozen=True)
class Side:
    """One implementation, with an inventory of its own, and how long one run of it may take."""

    patience_s: ClassVar[float] = PATIENCE_S
    name: str
    inventory: Path
    scratch: str

    def environment(self, folder: Path) -> dict[str, str]:
        """Return a clean environment: the user's own settings must not decide a comparison."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_", "PYTEST"))}
        return {
            **kept,
            "COMPAT_MARK": "from the controller",
            "PROVISIONER_STATE_DIR": str(folder / "state"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
            "COLUMNS": "120",
        }

    def run(self, playbooks: Sequence[Path], arguments: Sequence[str], folder: Path) -> Outcome:
        """Run playbooks in their folder."""
        raise NotImplementedError

    def finished(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.patience_s,
            check=False,
        )


class Ours(Side):
    """provisioner, as it is in this tree."""

    def run(self, playbooks: Sequence[Path], arguments: Sequence[str], folder: Path) -> Outcome:
        """Run playbooks and read the JSON lines that ``--output json`` prints."""
        code = "from provisioner.cli.main import entry; entry()"
        command = [sys.executable, "-c", code, "run", *map(str, playbooks), "-i", str(self.inventory)]
        environment = {**self.environment(folder), "PYTHONPATH": str(PROJECT)}
        done = self.finished([*command, "--output", "json", *arguments], environment, playbooks[0].parent)
        return self.outcome(done, self.scratch)

    @staticmethod
    def outcome(done: subprocess.CompletedProcess[str], scratch: str) -> Outcome:
        """Return what a run did, from the JSON lines it printed."""
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return _our_outcome(done, lines, scratch)


@dataclass(frozen=True)
class Theirs(Side):
    """ansible-core, in a virtual environment of its own."""

    programs: Path = Path()

    def run(self, playbooks: Sequence[Path], arguments: Sequence[str], folder: Path) -> Outcome:
        """Run playbooks with a callback plugin that writes what happened."""
        record = folder / "theirs.jsonl"
        environment = {**self.environment(folder), **self.settings(folder), "COMPAT_RECORD": str(record)}
        command = [str(self.programs / "ansible-playbook"), *map(str, playbooks), "-i", str(self.inventory)]
        done = self.finished([*command, *arguments], environment, playbooks[0].parent)
        lines = [json.loads(line) for line in record.read_text("utf-8").splitlines()] if record.exists() else []
        return self.outcome(done, lines, self.scratch)

    @staticmethod
    def outcome(done: subprocess.CompletedProcess[str], lines: Sequence[Mapping[str, Any]], scratch: str) -> Outcome:
        """Return what a run did, from the lines that the callback plugin wrote."""
        return _their_outcome(done, lines, scratch)

    @staticmethod
    def settings(folder: Path) -> dict[str, str]:
        """Return the variables that make ansible-core write what happened."""
        return {
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "oracle"),
            "ANSIBLE_CALLBACKS_ENABLED": "compat_record",
            "ANSIBLE_CONFIG": str(HERE / "oracle" / "ansible.cfg"),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"/tmp/compat-cp-{os.getpid()}",  # the path of a socket must be short
        }


def _our_outcome(done: subprocess.CompletedProcess[str], lines: Sequence[Mapping[str, Any]], scratch: str) -> Outcome:
    planned = {line["operation"]: line for line in lines if line["type"] == "OperationPlanned"}
    titles = {(s["operation"], s["host"]): s["title"] for s in lines if s["type"] == "OperationStarted"}
    plays, entries, recap = [], [], {}
    for line in lines:
        if line["type"] == "PlayStarted":
            plays.append(line["name"])
        elif line["type"] in {"OperationFinished", "ItemFinished", "Retrying"}:
            if line.get("status") in {"bypassed", "not_run"}:
                continue
            entries.append(_our_entry(line, planned[line["operation"]], titles))
        elif line["type"] == "RunFinished":
            recap = line["stats"]
    return Outcome(done.returncode, tuple(plays), tuple(entries), recap, done.stdout + done.stderr, scratch)


def _our_entry(line: Mapping[str, Any], planned: Mapping[str, Any], titles: Mapping[tuple[str, str], str]) -> Entry:
    title = titles.get((line["operation"], line["host"]), planned["name"])
    prefix = f"{planned['role']} : " if planned["role"] and planned["action"] != "include_role" else ""
    task = title if title.startswith(prefix) else prefix + title
    if line["type"] == "Retrying":
        return Entry("retry", line["host"], task)
    kind = "item" if line["type"] == "ItemFinished" else "task"
    status = {"lost": "unreachable"}.get(line["status"], line["status"])
    return Entry(kind, line["host"], task, planned["action"], status, line.get("label"), line["result"])


def _their_outcome(done: subprocess.CompletedProcess[str], lines: Sequence[Mapping[str, Any]], scratch: str) -> Outcome:
    plays = [line["name"] for line in lines if line["kind"] == "play"]
    entries = [Entry(**line) for line in lines if line["kind"] in {"task", "item", "retry"}]
    recap: dict[str, dict[str, int]] = {}
    for line in lines:
        if line["kind"] == "recap":
            names = {"failed": "failures"}
            recap = {h: {c: row[names.get(c, c)] for c in COUNTS} for h, row in line["stats"].items()}
    return Outcome(done.returncode, tuple(plays), tuple(entries), recap, done.stdout + done.stderr, scratch)


def oracle_programs() -> Path:
    """Return the folder with ansible-playbook: an existing one, or that of a virtual environment made on demand."""
    given = os.environ.get(ORACLE_VARIABLE)
    if given:
        if not (Path(given) / "ansible-playbook").exists():
            raise FileNotFoundError(f"{ORACLE_VARIABLE} is {given}, and there is no ansible-playbook in it")
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "provisioner"
    home = cache / f"oracle-{ORACLE_RELEASE}"
    programs = home / "bin"
    if not (home / ".complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        wanted = f"ansible-core=={ORACLE_RELEASE}.*"
        subprocess.run([programs / "pip", "install", "--quiet", wanted], check=True, timeout=PATIENCE_S)
        (home / ".complete").touch()
    return programs
