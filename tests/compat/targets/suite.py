"""The integration targets of an ansible-core release: fetched as its source distribution, unpacked, never committed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RELEASE = "2.18.9"
FETCH_S = 300
# what no Linux controller with Debian hosts can run, by the words of ansible-test's own alias files
ELSEWHERE = re.compile(r"^(windows|shippable/(windows|ios|galaxy)|network/|cloud/|skip/linux|disabled|unsupported)")
# targets that test ansible-test or Ansible's own packaging, and no behaviour of a playbook
NOT_OURS = re.compile(r"^(ansible-test|win_|setup_|prepare_|support-|.*_windows$|.*_win(rm)?$|windows-)")


@dataclass(frozen=True)
class Target:
    """One integration target: a role, or a folder with a script."""

    name: str
    folder: Path
    aliases: frozenset[str]

    @property
    def is_script(self) -> bool:
        """Return whether it is run as ``runme.sh``; otherwise it is a role."""
        return (self.folder / "runme.sh").exists()

    @property
    def gathers_facts(self) -> bool:
        """Return whether the play around a role target gathers facts."""
        return "gather_facts/no" not in self.aliases

    @property
    def needs_web(self) -> bool:
        """Return whether it asks things of the web server that ansible-test would start beside it."""
        return "needs/httptester" in self.aliases

    @property
    def before(self) -> tuple[str, ...]:
        """Return the targets that are run before this one, on the same host."""
        found = [alias.split("/")[2] for alias in sorted(self.aliases) if alias.startswith("setup/")]
        return tuple(found)


@dataclass(frozen=True)
class Suite:
    """The unpacked suite."""

    root: Path
    targets: Mapping[str, Target]

    @property
    def integration(self) -> Path:
        """Return the folder in which role targets are run."""
        return self.root / "test" / "integration"

    def runnable(self) -> tuple[Target, ...]:
        """Return the targets that a Linux controller with a Debian host can be asked to run."""
        return tuple(target for target in self.targets.values() if _is_runnable(target))


def open_suite() -> Suite:
    """Return the suite; fetch it first where the cache does not have it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "provisioner" / "ansible-suite"
    root = cache / f"ansible_core-{RELEASE}"
    if not (root / ".complete").exists():
        shutil.rmtree(root, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        archive = cache / f"{root.name}.tar.gz"
        if not archive.exists():
            fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
            wanted = ["--no-binary", ":all:", "--dest", str(cache), f"ansible-core=={RELEASE}"]
            subprocess.run([*fetch, *wanted], check=True, timeout=FETCH_S)
        with tarfile.open(archive) as opened:
            opened.extractall(cache, filter="data")
        (root / ".complete").touch()
    folders = sorted((root / "test" / "integration" / "targets").iterdir())
    return Suite(root, {folder.name: _target(folder) for folder in folders if folder.is_dir()})


def chosen(suite: Suite, names: Sequence[str]) -> Iterator[Target]:
    """Return the named targets, or all that can be run.

    Raises:
        KeyError: no target has that name.
    """
    yield from (suite.targets[name] for name in names) if names else suite.runnable()


def _target(folder: Path) -> Target:
    aliases = folder / "aliases"
    lines = aliases.read_text("utf-8").splitlines() if aliases.exists() else ()
    words = (line.split("#")[0].strip() for line in lines)
    return Target(folder.name, folder, frozenset(word for word in words if word))


def _is_runnable(target: Target) -> bool:
    has_work = target.is_script or (target.folder / "tasks").is_dir()
    elsewhere = any(ELSEWHERE.match(alias) for alias in target.aliases)
    return bool(has_work and target.aliases and not elsewhere and not NOT_OURS.match(target.name))
