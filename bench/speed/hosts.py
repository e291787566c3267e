"""The hosts of a measurement: a lab of its own, cleaned between runs, whose CPU time can be read from outside."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.commands import Commands
from provisioner.lab.inventory import ssh_options
from provisioner.lab.lab import Lab, LabHost
from provisioner.lab.names import KernelNames
from provisioner.lab.processes import Groups

SSH_S = 180
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Address:
    """How one name of the inventory is reached."""

    name: str
    host: str
    port: int = 22


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one lab, all running."""

    lab: Lab

    @property
    def all(self) -> tuple[LabHost, ...]:
        """Return the hosts in the order of their numbers."""
        return self.lab.hosts

    @property
    def bridge(self) -> str:
        """Return the network interface that all traffic to the hosts passes."""
        record = self.lab._record()
        if record is None:
            raise RuntimeError("the lab is down")
        return record.kernel.bridge

    def addresses(self, count: int, names: int | None = None) -> list[Address]:
        """Return the first hosts under their names, or ``names`` aliases that share them evenly."""
        hosts = self.all[:count]
        if names is None:
            return [Address(host.name, host.address) for host in hosts]
        return [Address(f"a{number:03}", hosts[number % count].address) for number in range(names)]

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

    def everywhere(self, command: str, count: int) -> list[str]:
        """Run a shell command on the first hosts, as root; return what each said."""
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return list(pool.map(lambda host: self._ask(host, command), self.all[:count]))

    def _ask(self, host: LabHost, command: str) -> str:
        argv = [*self.lab.ssh_command(host), command]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=SSH_S)
        if done.returncode:
            raise RuntimeError(f"{host.name}: {command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout


@dataclass(frozen=True, slots=True)
class Reached:
    """The names of a workload with what an SSH client needs to know to reach them."""

    addresses: Sequence[Address]
    key: Path
    known_hosts: Path

    def ssh(self, address: Address) -> list[str]:
        """Return the OpenSSH command line that logs in; every value is a word without blanks."""
        port = [] if address.port == 22 else ["-p", str(address.port)]
        return ["ssh", "-i", str(self.key), *ssh_options(self.known_hosts), *port, f"root@{address.host}"]

    def inventory(self) -> str:
        """Return the inventory for everybody who reads Ansible's; JSON is YAML."""
        common = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": shlex.join(ssh_options(self.known_hosts)),
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        hosts: dict[str, Mapping[str, object]] = {}
        for each in self.addresses:
            port = {} if each.port == 22 else {"ansible_port": each.port}
            hosts[each.name] = {"ansible_host": each.host, **port}
        return json.dumps({"all": {"vars": common, "hosts": hosts}}, indent=1)

    def pyinfra_inventory(self) -> str:
        """Return the inventory for pyinfra: a Python file."""
        common = {"ssh_user": "root", "ssh_key": str(self.key), "ssh_known_hosts_file": str(self.known_hosts),
                  "ssh_strict_host_key_checking": "yes"}  # fmt: skip
        hosts = [(a.name, {**common, "ssh_hostname": a.host, "ssh_port": a.port}) for a in self.addresses]
        return f"targets = {hosts!r}\n"


def known_hosts(lab: Lab, folder: Path, addresses: Sequence[Address]) -> Path:
    """Return a known_hosts file with the hosts' keys, also under the ports of relays."""
    path = folder / "known_hosts"
    text = lab.known_hosts_path.read_text(encoding="utf-8")
    first = text.splitlines()[0].split(maxsplit=1)[1]
    extra = {f"[{a.host}]:{a.port} {first}\n" for a in addresses if a.port != 22}
    path.write_text(text + "".join(sorted(extra)), encoding="utf-8")
    return path


@contextmanager
def lab_hosts(name: str, count: int, *, is_kept: bool) -> Iterator[Hosts]:
    """Bring a lab up and take it down again whatever happens, unless it is to be kept for the next measurement."""
    lab = Lab(name)
    try:
        lab.up(count)
        yield Hosts(lab)
    finally:
        if not is_kept:
            lab.down()
