"""Runs the steps of a mover or switcher as ordinary plays, without a definition and its life cycle around them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.migration.compile import PEER, PEER_ADDRESS
from provisioner.migration.steps import Step


def plays(
    steps: Sequence[Step], hosts: Mapping[str, Sequence[str]], phase: str = "cutover", name: str = "trial"
) -> list[dict[str, object]]:
    """Return one play for each row of steps on the same host roles; ``hosts`` are the hosts of each role."""
    pairs = list(zip(hosts["old"], hosts["new"], strict=True))
    peers = {**dict(pairs), **{new: old for old, new in pairs}}
    address = "{{ hostvars['%s'].ansible_host | default('%s') }}"
    addresses = {role: [address % (each, each) for each in named] for role, named in hosts.items()}
    told = {"name": name, "id": name, "phase": phase, "hosts": dict(hosts), "peers": peers, "addresses": addresses}
    made: list[dict[str, Any]] = []
    for step in steps:
        named = [host for role in step.roles for host in hosts[role]]
        if not made or made[-1]["hosts"] != named:
            variables = {"migration": told, "peer": PEER, "peer_address": PEER_ADDRESS}
            made.append(
                {"hosts": named, "gather_facts": False, "any_errors_fatal": True, "vars": variables, "tasks": []}
            )
        made[-1]["tasks"].append(dict(step.task))
    return made


def run(playbook: Path, inventory: Path, *more: str) -> tuple[int, dict[str, dict[str, dict[str, Any]]], str]:
    """Run a playbook; return the exit code, results by task and host, and everything that was said."""
    code = "from provisioner.cli.main import entry; entry()"
    argv = [sys.executable, "-c", code, "run", str(playbook), "-i", str(inventory), "--output", "json", *more]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    titles: dict[str, str] = {}
    for line in done.stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("type") == "OperationPlanned":
            titles[event["operation"]] = event["name"]
        if event.get("type") == "OperationFinished":
            result = {**event["result"], "status": event["status"], "seconds_of_task": event["seconds"]}
            found.setdefault(titles[event["operation"]], {})[event["host"]] = result
    return done.returncode, found, done.stdout + done.stderr


class Trial:
    """Runs steps on given hosts; ``results`` holds those of the last run by task and host."""

    def __init__(self, folder: Path, inventory: Path, hosts: Mapping[str, Sequence[str]]) -> None:
        self.folder, self.inventory, self.hosts = folder, inventory, hosts
        self.results: dict[str, dict[str, dict[str, Any]]] = {}
        self.said = ""

    def __call__(self, steps: Sequence[Step], *more: str, phase: str = "cutover") -> int:
        """Run the steps; return the exit code."""
        path = self.folder / "steps.yml"
        path.write_text(json.dumps(plays(steps, self.hosts, phase), indent=1), encoding="utf-8")
        code, self.results, self.said = run(path, self.inventory, *more)
        return code

    def changed(self) -> list[str]:
        """Return the tasks that changed something, with the host."""
        return [f"{task} ({host})" for task, by in self.results.items() for host, r in by.items() if r.get("changed")]
