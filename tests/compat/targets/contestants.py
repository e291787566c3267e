"""The commands a target finds on its PATH: Ansible's, ours behind its names, or some that do nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.compat.sides import PROJECT, oracle_programs

COMMANDS = ("", "-playbook", "-inventory", "-vault", "-config", "-doc", "-galaxy", "-console", "-pull")


@dataclass(frozen=True)
class Contestant:
    """One implementation: a folder of commands to be first on PATH, and more variables for it."""

    name: str
    commands: Path
    libraries: Path
    environment: dict[str, str]


def contestant(name: str, scratch: Path) -> Contestant:
    """Return ``theirs``, ``ours`` or ``nothing``; its commands may be written into ``scratch``."""
    programs = oracle_programs()
    libraries = scratch / f"{name}-lib"
    libraries.mkdir(parents=True, exist_ok=True)
    for package in programs.parent.glob("lib/python3*/site-packages/ansible"):
        (libraries / "ansible").unlink(missing_ok=True)
        (libraries / "ansible").symlink_to(package)
    if name == "theirs":
        return Contestant(name, programs, libraries, {})
    folder = scratch / name
    folder.mkdir(parents=True, exist_ok=True)
    for program in ("python", "python3", "pip", "pip3"):
        _write(folder / program, f'#!/bin/sh\nexec {programs / program} "$@"\n')
    if name == "nothing":
        for suffix in COMMANDS:
            _write(folder / f"ansible{suffix}", "#!/bin/sh\nexit 0\n")
        return Contestant(name, folder, libraries, {})
    # the modules we do not have are run from an Ansible installation, which has to be named
    environment = {"PROVISIONER_ANSIBLE_PYTHON": str(programs / "python")}
    subprocess.run([sys.executable, "-m", "compileall", "-q", PROJECT / "provisioner"], check=False, timeout=300)
    shims = [sys.executable, "-m", "provisioner.compat", "install-shims", str(folder)]
    subprocess.run(shims, check=True, cwd=PROJECT, timeout=60)
    return Contestant(name, folder, libraries, environment)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
