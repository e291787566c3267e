"""The DebOps distribution, whose roles nobody wrote with us in mind: fetched as its wheel, never committed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

RELEASE = "3.3.2"
NEIGHBOURS = "ansible==11.*"
NEEDED = ("ansible/posix/", "ansible/utils/", "community/general/")
FETCH_S = 300
# roles that bring a host's firewall and access rules must leave a way in; the rest are the roles' own defaults
VARIABLES = {
    "ferm__enabled": True,
    "ferm__ansible_controllers": ["10.77.0.0/16"],
    "tcpwrappers__ansible_controllers": ["10.77.0.0/16"],
}


@dataclass(frozen=True)
class Distribution:
    """The unpacked distribution, and the collections it uses beside ansible-core's modules."""

    collections: Path
    neighbours: Path

    def playbook(self, name: str) -> Path:
        """Return the playbook of a service."""
        return self.collections / "ansible_collections/debops/debops/playbooks/service" / f"{name}.yml"


def open_distribution() -> Distribution:
    """Return the distribution; fetch it first where the cache does not have it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "provisioner" / "debops"
    root = cache / RELEASE
    neighbours = root / "neighbours"
    if not (root / ".complete").exists():
        shutil.rmtree(root, ignore_errors=True)
        neighbours.mkdir(parents=True)
        _unpack(_fetched(f"debops=={RELEASE}", root), root)
        _unpack(_fetched(NEIGHBOURS, neighbours), neighbours, tuple(f"ansible_collections/{each}" for each in NEEDED))
        (root / ".complete").touch()
    return Distribution(root / "debops/_data/ansible/collections", neighbours)


def _fetched(what: str, folder: Path) -> Path:
    """Return the wheel of a package."""
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*fetch, "--dest", str(folder), what], check=True, timeout=FETCH_S)
    return next(folder.glob("*.whl"))


def _unpack(wheel: Path, folder: Path, parts: tuple[str, ...] = ("",)) -> None:
    """Unpack what of a wheel begins with one of these names, and take the wheel away."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder, [name for name in opened.namelist() if name.startswith(parts)])
    wheel.unlink()
