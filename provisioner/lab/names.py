"""Which names labs and hosts may have, and what the things made for them are called in the kernel."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.diagnostics.errors import InputError
from provisioner.records import dataclass

LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
HOST_NAME = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?")
MOST_HOSTS = 200


def checked_lab_name(name: str) -> str:
    """Return ``name`` if a lab may be called so; without dashes a lab's things can be told from another's."""
    if not LAB_NAME.fullmatch(name):
        raise InputError.at(
            None,
            f"'{name}' cannot be the name of a lab",
            hint="use 1 to 20 of a-z and 0-9, starting with a letter",
        )
    return name


def host_names(wanted: Sequence[str] | int | str) -> tuple[str, ...]:
    """Return the host names meant by a number (h1 to hN), by ``old,new,lb`` or by a sequence of names."""
    if isinstance(wanted, str):
        wanted = int(wanted) if wanted.strip().isdigit() else [part.strip() for part in wanted.split(",")]
    names = tuple(f"h{i}" for i in range(1, wanted + 1)) if isinstance(wanted, int) else tuple(wanted)
    if not 1 <= len(names) <= MOST_HOSTS:
        raise InputError.at(None, f"a lab has 1 to {MOST_HOSTS} hosts, not {len(names)}")
    for name in names:
        if not HOST_NAME.fullmatch(name):
            hint = "use 1 to 30 of a-z, 0-9 and -, starting with a letter"
            raise InputError.at(None, f"'{name}' cannot be the name of a lab host", hint=hint)
    if len(set(names)) != len(names):
        raise InputError.at(None, f"a host name is given twice: {','.join(names)}")
    return names


@dataclass(frozen=True, slots=True)
class KernelNames:
    """What one lab's parts are called; interface names stay within the kernel's 15 characters."""

    lab: str
    subnet: int

    @property
    def bridge(self) -> str:
        """Return the name of the lab's bridge."""
        return f"prov-br{self.subnet}"

    @property
    def table(self) -> str:
        """Return the name of the nftables table that lets the hosts out."""
        return f"prov_lab_{self.subnet}"

    @property
    def network(self) -> str:
        """Return the lab's network in CIDR form."""
        return f"10.77.{self.subnet}.0/24"

    @property
    def gateway(self) -> str:
        """Return the controller's own address in the lab."""
        return f"10.77.{self.subnet}.1"

    def address(self, number: int) -> str:
        """Return the address of host ``number``."""
        return f"10.77.{self.subnet}.{10 + number}"

    def hardware_address(self, number: int) -> str:
        """Return the Ethernet address of host ``number`` (0: the bridge); it stays, so no neighbour cache is wrong."""
        return f"02:70:72:6f:{self.subnet:02x}:{number:02x}"

    def link(self, number: int) -> str:
        """Return the controller's end of host ``number``'s cable."""
        return f"prov-{self.subnet}-{number}"

    def machine(self, host: str) -> str:
        """Return what a host's network namespace, machine and control group are called."""
        return f"prov-{self.lab}-{host}"
