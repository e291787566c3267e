"""The hosts of a measurement: a lab of its own, cleaned between runs, whose CPU time can be read from outside."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.commands import Commands
from provisioner.lab.lab import Lab, LabHost
from provisioner.lab.names import KernelNames
from provisioner.lab.processes import Groups

SSH_S = 30
LISTING = (
    "cd {root} && find . -printf '%P %y %m %u %g\\n' | LC_ALL=C sort && "
    "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum"
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one lab, all running."""

    lab: Lab

    @property
    def all(self) -> tuple[LabHost, ...]:
        """Return the hosts in the order of their numbers."""
        return self.lab.hosts

    def clean(self, folder: str) -> None:
        """Make ``folder`` empty on every host, and leave nothing to write back to disk meanwhile."""
        self._everywhere(f"rm -rf {folder} && mkdir -p {folder} && sync -f {folder}")

    def listing(self, folder: str) -> list[str]:
        """Return what is below ``folder`` on every host: names, kinds, modes, owners and checksums."""
        return self._everywhere(LISTING.format(root=folder))

    def cpu_s(self) -> float | None:
        """Return the CPU time that the hosts have used since they booted; None where the kernel does not count it."""
        found = [self._cpu_of(host) for host in self.all]
        return None if None in found else sum(each for each in found if each is not None)

    def _cpu_of(self, host: LabHost) -> float | None:
        machine = KernelNames(self.lab.name, 0).machine(host.name)
        for group in Groups(Commands(), machine).paths:
            try:
                text = Path(group, "cpu.stat").read_text(encoding="ascii")
            except OSError:
                continue  # the other hierarchy has it
            counts = dict(line.split() for line in text.splitlines())
            return int(counts["usage_usec"]) / 1e6
        return None

    def _everywhere(self, command: str) -> list[str]:
        with ThreadPoolExecutor(max_workers=len(self.all)) as pool:
            return list(pool.map(lambda host: self._ask(host, command), self.all))

    def _ask(self, host: LabHost, command: str) -> str:
        argv = [*self.lab.ssh_command(host), command]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=SSH_S).stdout


@contextmanager
def lab_hosts(name: str, count: int) -> Iterator[Hosts]:
    """Bring a lab up and take it down again whatever happens."""
    lab = Lab(name)
    try:
        lab.up(count)
        yield Hosts(lab)
    finally:
        lab.down()
