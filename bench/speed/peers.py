"""The peers: installed in environments of their own in ``.cache/peers``, the newest that a Python here runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HOME = TOP / ".cache" / "peers"
INSTALL_S = 600
NEEDS = {
    "ansible": ("ansible-core",),
    # mitogen names no newest ansible-core that it supports; every run's outcome is checked, so a wrong one shows
    "mitogen": ("mitogen", "ansible-core"),
    "pyinfra": ("pyinfra>=3,<4",),
}
PATTERN = re.compile(r"python3\.(\d+)")
NEWEST_KNOWN = 13


def newest_python() -> str:
    """Return the newest Python that is on PATH or kept by pyenv; this one if none is newer."""
    folders = [Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each and "shims" not in each]
    folders += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    found = {int(match[1]): path for path in _pythons(folders) if (match := PATTERN.fullmatch(path.name))}
    usable = [minor for minor in found if sys.version_info.minor < minor <= NEWEST_KNOWN]
    return str(found[max(usable)]) if usable else sys.executable


def _pythons(folders: Iterable[Path]) -> list[Path]:
    return [path for folder in folders if folder.is_dir() for path in folder.glob("python3.*")]


def programs(name: str) -> Path:
    """Return the folder with a peer's programs, installed if need be."""
    home = HOME / name
    if not (home / ".complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([newest_python(), "-m", "venv", str(home)], check=True, timeout=INSTALL_S)
        subprocess.run([str(home / "bin/pip"), "install", "--quiet", *NEEDS[name]], check=True, timeout=INSTALL_S)
        (home / ".complete").touch()
    return home / "bin"


def version(name: str) -> str:
    """Return what is installed for a peer, with the Python that runs it."""
    folder = programs(name)
    command = [str(folder / "pip"), "list", "--format", "json", "--disable-pip-version-check"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    installed = {each["name"]: each["version"] for each in json.loads(listed)}
    names = [re.split(r"[<>=]", need)[0] for need in NEEDS[name]]
    python = subprocess.run([str(folder / "python"), "--version"], check=True, capture_output=True, text=True).stdout
    return ", ".join([*(f"{each} {installed[each]}" for each in names), python.strip()])


def mitogen_strategies() -> str:
    """Return the folder of mitogen's strategy plugins."""
    found = sorted(programs("mitogen").parent.glob("lib/*/site-packages/ansible_mitogen/plugins/strategy"))
    return str(found[0])
