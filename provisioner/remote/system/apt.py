"""Asking and driving apt: options once for every call, simulation, candidates, the age of its lists."""

import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from .commands import PLAIN, Completed
from .streams import Hearer
from .system import System

STAMP = "/var/lib/apt/periodic/update-success-stamp"
LISTS = "/var/lib/apt/lists"
ENVIRONMENT = dict(PLAIN, DEBIAN_FRONTEND="noninteractive", DEBIAN_PRIORITY="critical", APT_LISTCHANGES_FRONTEND="none")
COUNTS = re.compile(
    r"^(\d+) upgraded, (\d+) newly installed,(?: (\d+) reinstalled,)?(?: (\d+) downgraded,)? (\d+) to remove",
    re.MULTILINE,
)
LOCKED = ("Could not get lock", "Unable to lock", "is another process using it")


class Candidate(NamedTuple):
    """What apt knows of a package: the version installed, the one it would install, and all there are."""

    installed: str
    candidate: str
    versions: List[str]


class Apt:
    """apt-get and apt-cache with one set of options."""

    def __init__(self, system: System, options: Sequence[str], lock_timeout_s: int) -> None:
        self.system, self.options, self.lock_timeout_s = system, list(options), lock_timeout_s

    def get(self, words: Sequence[str], hear: Optional[Hearer] = None) -> Completed:
        """Run apt-get; while another one holds a lock, wait for it."""
        argv = ["/usr/bin/apt-get", "-y", "-o", "DPkg::Lock::Timeout=%d" % self.lock_timeout_s, *self.options, *words]
        deadline = time.monotonic() + self.lock_timeout_s
        while True:
            done = self.system.commands.run(argv, env=ENVIRONMENT, hear=hear)
            if done.rc == 0 or not is_locked(done.err) or time.monotonic() >= deadline:
                return done
            time.sleep(1)

    def simulate(self, words: Sequence[str]) -> Completed:
        """Return what apt-get says it would do; needs no lock and changes nothing."""
        argv = ["/usr/bin/apt-get", "-s", "-o", "Debug::NoLocking=1", *self.options, *words]
        return self.system.commands.run(argv, env=ENVIRONMENT)

    def policy(self, names: Sequence[str]) -> Dict[str, Candidate]:
        """Return what apt knows of each package; a name it does not know is missing, a virtual one has no candidate."""
        if not names:
            return {}
        done = self.system.commands.run(["/usr/bin/apt-cache", "policy", *self._release(), *names], env=ENVIRONMENT)
        found: Dict[str, Candidate] = {}
        order = iter(names)
        for block in re.split(r"^(?=\S)", done.out, flags=re.MULTILINE):
            title = block.partition(":\n")[0]
            if not title or block == title:
                continue
            name = next((n for n in order if n.partition(":")[0] == title.partition(":")[0]), title)
            found[name] = _candidate(block)
        return found

    def _release(self) -> List[str]:
        return self.options[self.options.index("-t") :][:2] if "-t" in self.options else []

    def known(self) -> List[str]:
        """Return the names of every package there is."""
        return self.system.commands.run(["/usr/bin/apt-cache", "pkgnames"], env=ENVIRONMENT).out.split()


def is_locked(said: str) -> bool:
    """Tell whether apt failed because another one works; who may not take the lock need not wait for it."""
    return any(text in said for text in LOCKED) and "Permission denied" not in said


def _candidate(block: str) -> Candidate:
    fields = {}
    for name in ("Installed", "Candidate"):
        match = re.search(r"^  %s: (.*)$" % name, block, re.MULTILINE)
        value = match.group(1) if match else "(none)"
        fields[name] = "" if value == "(none)" else value
    versions = re.findall(r"^ (?:\*\*\*|   ) (\S+) -?\d+", block, re.MULTILINE)
    return Candidate(fields["Installed"], fields["Candidate"], versions)


def does_something(simulation: Completed) -> bool:
    """Tell whether a simulated run would install, upgrade or remove anything."""
    match = COUNTS.search(simulation.out)
    return bool(match and any(int(number or 0) for number in match.groups()))


def summary(output: str) -> str:
    """Return the part of apt-get's output that says what happens: what --diff shows."""
    match = COUNTS.search(output)
    if not match:
        return ""
    end = output.find("\n", match.start())
    head = output[: end if end >= 0 else len(output)]
    noise = ("Reading package lists", "Building dependency tree", "Reading state information", "Calculating upgrade")
    return "\n".join(line for line in head.splitlines() if not line.startswith((*noise, "NOTE: ", "      ")))


def updated_at(system: System) -> int:
    """Return when the package lists were last fetched, in seconds since 1970; 0 where they never were."""
    for path in (STAMP, LISTS):
        status = system.files.stat(path)
        if status is not None:
            return int(status.st_mtime)
    return 0


class ServiceStartBlocked:
    """While it lasts, /usr/sbin/policy-rc.d answers ``code`` to packages that want to start their services."""

    PATH = "/usr/sbin/policy-rc.d"

    def __init__(self, system: System, code: Optional[int]) -> None:
        self.system, self.code = system, code
        self.before: Any = None

    def __enter__(self) -> None:
        if self.code is None:
            return
        files = self.system.files
        self.before = (files.read_or_none(self.PATH), files.stat(self.PATH))
        files.write(self.PATH, ("#!/bin/sh\nexit %d\n" % self.code).encode(), mode=0o755)

    def __exit__(self, *_: Any) -> None:
        if self.code is None:
            return
        content, status = self.before
        if content is None:
            os.unlink(self.system.files.real(self.PATH))
        else:
            self.system.files.write(self.PATH, content, mode=status.st_mode & 0o7777)
