"""Runs the tasks with ansible-core, which leaves its module files on the host, and times those files there."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.lab import Lab, LabHost

THERE = Path(__file__).with_name("there.py")
PLACE = "/var/noops"
RUN_S, TIME_S = 1800, 1800


@dataclass(frozen=True, slots=True)
class Left:
    """What one task's module files took on the host, together, and how they ended."""

    seconds: float
    ended: str
    modules: tuple[str, ...]


def timed(programs: Path, playbook: Path, lab: Lab, host: LabHost, repeats: int) -> dict[str, Left]:
    """Run the playbook and return what the files of each task took."""
    _ask(lab, host, f"rm -rf {PLACE}", b"")
    environment = {
        **os.environ,
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_HOME": str(playbook.parent / "ansible"),
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }
    command = [str(programs / "ansible-playbook"), str(playbook), "-i", str(lab.inventory_path)]
    log = playbook.with_name("theirs.log")
    with log.open("wb") as sink:
        subprocess.run(command, check=False, stdout=sink, stderr=sink, env=environment, timeout=RUN_S)
    said = _ask(lab, host, f"python3 - {PLACE} {repeats}", THERE.read_bytes())
    return {task: _together(files) for task, files in json.loads(said).items()}


def version(programs: Path) -> str:
    """Return what ansible-core calls itself."""
    done = subprocess.run([str(programs / "ansible"), "--version"], check=True, capture_output=True, text=True)
    return done.stdout.split("[")[1].split("]")[0]


def _together(files: list[tuple[str, float, str]]) -> Left:
    ends = {end for _, _, end in files}
    end = next((word for word in ("failed", "changed") if word in ends), "ok")
    return Left(sum(seconds for _, seconds, _ in files), end, tuple(module for module, _, _ in files))


def _ask(lab: Lab, host: LabHost, command: str, text: bytes) -> bytes:
    argv = [*lab.ssh_command(host), command]
    done = subprocess.run(argv, input=text, check=True, capture_output=True, timeout=TIME_S)
    return done.stdout
