"""Distributions of roles that nobody wrote with us in mind: fetched as their wheels, never committed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ANSIBLE_VARIABLE = "PROVISIONER_ANSIBLE_COLLECTIONS"
FETCH_S = 600
# roles that bring a host's firewall and access rules must leave a way in; the rest are the roles' own defaults
DEBOPS_VARIABLES = {
    "ferm__enabled": True,
    "ferm__ansible_controllers": ["10.77.0.0/16"],
    "tcpwrappers__ansible_controllers": ["10.77.0.0/16"],
}


@dataclass(frozen=True)
class Package:
    """What is fetched of a package on PyPI: those names in its wheel that begin with one of ``parts``."""

    requirement: str
    parts: tuple[str, ...] = ("",)

    def opened(self) -> Path:
        """Return the folder with the unpacked wheel; fetch it first where the cache does not have it."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "provisioner" / "public"
        root = cache / "".join(sign if sign.isalnum() else "-" for sign in self.requirement)
        done = root / ".complete"
        if not done.exists() or done.read_text("utf-8") != repr(self.parts):
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(parents=True)
            self._unpack(self._fetched(root), root)
            done.write_text(repr(self.parts), encoding="utf-8")
        return root

    def _fetched(self, folder: Path) -> Path:
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*fetch, "--dest", str(folder), self.requirement], check=True, timeout=FETCH_S)
        return next(folder.glob("*.whl"))

    def _unpack(self, wheel: Path, folder: Path) -> None:
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(folder, [name for name in opened.namelist() if name.startswith(self.parts)])
        wheel.unlink()


DEBOPS_WHEEL = Package("debops==3.3.2")
RAGLEAP_WHEEL = Package("ragleap-ansible==0.1.1")
COLLECTIONS = (
    *("ansible/netcommon", "ansible/posix", "ansible/utils", "ansible/windows"),
    *("community/docker", "community/general", "community/windows", "community/zabbix"),
)
ANSIBLE_WHEEL = Package("ansible==11.*", tuple(f"ansible_collections/{each}/" for each in COLLECTIONS))


def debops_collections() -> Path:
    """Return the folder of collections that DebOps brings."""
    return DEBOPS_WHEEL.opened() / "debops/_data/ansible/collections"


def debops_playbook(name: str) -> Path:
    """Return DebOps' own playbook of a service."""
    return debops_collections() / "ansible_collections/debops/debops/playbooks/service" / f"{name}.yml"


def ansible_collections() -> Path:
    """Return the folder of collections of the ansible distribution: an installed one's, or what was fetched of it."""
    given = os.environ.get(ANSIBLE_VARIABLE)
    if not given:
        return ANSIBLE_WHEEL.opened()
    if not (Path(given) / "ansible_collections").is_dir():
        raise FileNotFoundError(f"{ANSIBLE_VARIABLE} is {given}, and there is no ansible_collections in it")
    return Path(given)
