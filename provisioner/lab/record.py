"""What is written down about a lab before anything is made: its network and the numbers of its hosts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from provisioner.records import dataclass

from .commands import LabError, write_atomically
from .names import MOST_HOSTS, KernelNames

VERSION = 1
FILE = "lab.json"


@dataclass(frozen=True, slots=True)
class LabRecord:
    """A lab's network number and its hosts' numbers; addresses and names follow from them."""

    lab: str
    subnet: int
    hosts: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path) -> LabRecord | None:
        """Return the record of the lab in ``folder``, or None if there is none."""
        path = folder / FILE
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise LabError(f"{path} is damaged ({error}); remove it and take the lab down") from error
        if data.get("version") != VERSION:
            raise LabError(f"{path} was written by another version; take the lab down with that one")
        return cls(folder.name, int(data["subnet"]), MappingProxyType({k: int(v) for k, v in data["hosts"].items()}))

    def write(self, folder: Path) -> None:
        """Write the record, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        data = {"version": VERSION, "subnet": self.subnet, "hosts": dict(self.hosts)}
        write_atomically(folder / FILE, json.dumps(data, indent=2) + "\n")

    def with_hosts(self, names: Iterable[str]) -> LabRecord:
        """Return the record with these hosts added, each with the lowest number that is free."""
        hosts = dict(self.hosts)
        for name in names:
            free = (number for number in range(1, MOST_HOSTS + 1) if number not in hosts.values())
            if name not in hosts:
                hosts[name] = next(free)
        return LabRecord(self.lab, self.subnet, MappingProxyType(hosts))

    @property
    def kernel(self) -> KernelNames:
        """Return what the lab's parts are called in the kernel."""
        return KernelNames(self.lab, self.subnet)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Return each host's address, in the order of their numbers."""
        ordered = sorted(self.hosts.items(), key=lambda item: item[1])
        return {name: self.kernel.address(number) for name, number in ordered}
