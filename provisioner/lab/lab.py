"""A lab: named throw-away hosts on a network of their own; brought up, reset, cut off and taken down as one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.records import dataclass

from .commands import Commands, LabError, write_atomically
from .image import Images, Say
from .inventory import inventory_text, ssh_options
from .keys import ensure_key, write_known_hosts
from .locks import held
from .machine import Identity, Machine
from .names import KernelNames, checked_lab_name, host_names
from .needs import ensure_programs, require_root
from .network import Network, namespaces, raise_limits
from .places import VARIABLE, HostPlaces, Places
from .processes import machines_with_groups
from .record import FILE as RECORD_FILE
from .record import LabRecord

# one for the machine, wherever labs are kept: links and networks are the kernel's
NETWORK_LOCK = Path("/run/lock/provisioner-lab.lock")
PARALLEL = 8
BOOT_S = 60.0

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class LabHost:
    """One host of a lab; ``root`` shows its disk from outside while it runs."""

    name: str
    address: str
    number: int
    lab: str
    root: Path
    console_log: Path


def _silent(_: str) -> None:
    """Say nothing: the default of library use."""


class Lab:
    """One lab by name, whether or not it is up; all state is on disk and in the kernel.

    ``packages`` are in the hosts' image beside the usual ones; ``shared`` folders of this machine are seen by every
    host under the same path, to read only.
    """

    def __init__(
        self,
        name: str,
        *,
        places: Places | None = None,
        commands: Commands | None = None,
        say: Say = _silent,
        packages: Sequence[str] = (),
        shared: Sequence[Path] = (),
    ) -> None:
        self.name = checked_lab_name(name)
        self._places = places or Places.from_environment(os.environ)
        self._commands = commands or Commands()
        self._say = say
        self._packages = tuple(packages)
        self._shared = tuple(shared)
        self._network = Network(self._commands)
        self.folder = self._places.lab(name)

    @property
    def inventory_path(self) -> Path:
        """Return where the inventory is while the lab is up."""
        return self.folder / "inventory.yml"

    @property
    def key_path(self) -> Path:
        """Return the private key that opens every account of every host."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts_path(self) -> Path:
        """Return the known_hosts file with exactly these hosts' keys."""
        return self.folder / "known_hosts"

    @property
    def hosts(self) -> tuple[LabHost, ...]:
        """Return the hosts on record, in the order of their numbers."""
        record = self._record()
        return () if record is None else tuple(self._host(record, name) for name in record.addresses)

    @property
    def network(self) -> str | None:
        """Return the lab's network in CIDR form, or None if it is down."""
        record = self._record()
        return None if record is None else record.kernel.network

    def host(self, name: str) -> LabHost:
        """Return the host called ``name``."""
        for host in self.hosts:
            if host.name == name:
                return host
        hint = nearest(name, (host.name for host in self.hosts)) or "'lab list' shows what there is"
        raise InputError.at(None, f"lab {self.name} has no host '{name}'", hint=hint)

    def is_running(self, host: LabHost) -> bool:
        """Return whether a host is switched on."""
        return self._machine(host).is_running()

    def up(self, hosts: Sequence[str] | int | str) -> tuple[LabHost, ...]:
        """Make sure these hosts run and answer; what runs already is left alone, other hosts too."""
        names = host_names(hosts)
        require_root()
        ensure_programs(self._commands, self._say)
        image = self._images.ensure()
        raise_limits()
        with self._alone(self._lock):
            record = self._claim(names)
            self._write_papers(record)
            wanted = tuple(self._host(record, name) for name in names)
            for_each(wanted, lambda host: self._start(record, host, image))
        return wanted

    def reset(self, host: str | None = None) -> tuple[LabHost, ...]:
        """Return one host, or all, to the clean state they first booted in; keys and addresses stay."""
        require_root()
        if not self.hosts:
            raise InputError.at(None, f"lab {self.name} is not up", hint=f"provisioner lab up --name {self.name}")
        image = self._images.ensure()
        raise_limits()
        with self._alone(self._lock):
            wanted = self.hosts if host is None else (self.host(host),)
            record = self._claim([each.name for each in wanted])
            self._write_papers(record)
            for_each(wanted, lambda each: self._machine(each).wipe())
            for_each(wanted, lambda each: self._start(record, each, image))
        return wanted

    def down(self) -> None:
        """Remove the lab: processes, mounts, namespaces, links, tables and files, from whatever state it is in."""
        require_root()
        with self._alone(self._lock):
            self._refuse_rival()
            record = self._record()
            names = [*(record.hosts if record else ()), *self._strays(record)]
            for_each(names, lambda name: self._machine_called(name, "").wipe())
            with self._alone(NETWORK_LOCK):
                for name in names:
                    self._network.remove_namespace(KernelNames(self.name, 0).machine(name))
                for kernel in self._kernels(record):
                    self._network.close_bridge(kernel)
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self._lock.unlink()

    def ssh_command(self, host: LabHost, user: str = "root") -> list[str]:
        """Return the OpenSSH command line that logs in to a host."""
        return ["ssh", "-i", str(self.key_path), *ssh_options(self.known_hosts_path), f"{user}@{host.address}"]

    def cut(self, host: str) -> None:
        """Pull a host's cable: nothing reaches it, nothing leaves it, and nobody is told."""
        self._network.set_link(self._link(host), up=False)

    def heal(self, host: str) -> None:
        """Plug a host's cable back in, and take a delay away."""
        link = self._link(host)
        self._network.set_link(link, up=True)
        self._network.delay(link, 0)

    def delay(self, host: str, milliseconds: int) -> None:
        """Delay every packet to a host; an error says so where the kernel cannot."""
        self._network.delay(self._link(host), milliseconds)

    @property
    def _lock(self) -> Path:
        return self._places.labs / f".{self.name}.lock"

    @contextmanager
    def _alone(self, lock: Path) -> Iterator[None]:
        with held(lock) as descriptor, self._commands.keeping(descriptor):
            yield

    @property
    def _images(self) -> Images:
        return Images(self._commands, self._places, self._say, self._packages)

    def _record(self) -> LabRecord | None:
        return LabRecord.read(self.folder)

    def _host(self, record: LabRecord, name: str) -> LabHost:
        places = self._host_places(name)
        address = record.addresses[name]
        return LabHost(name, address, record.hosts[name], self.name, places.root, places.console)

    def _host_places(self, name: str) -> HostPlaces:
        return HostPlaces(self.folder / "hosts" / name)

    def _machine(self, host: LabHost) -> Machine:
        return self._machine_called(host.name, host.address)

    def _machine_called(self, name: str, address: str) -> Machine:
        machine = KernelNames(self.name, 0).machine(name)
        identity = Identity(name, machine, address, self.key_path, self._keys / name)
        places = self._host_places(name)
        return Machine(self._commands, identity, places, self._places.packages, self._shared)

    @property
    def _keys(self) -> Path:
        return self.folder / "keys"

    def _claim(self, names: Sequence[str]) -> LabRecord:
        """Write down the lab's network and its hosts' numbers, then open the bridge; one lab at a time."""
        with self._alone(NETWORK_LOCK):
            self._refuse_rival()
            record = self._record()
            if record is None or not self._network.is_open_to(record.kernel.bridge, self.folder):
                taken = (other.subnet for other in recorded_labs(self._places.labs) if other.lab != self.name)
                mine = self._network.owned_by(self.folder)
                subnet = mine[0] if mine else self._network.free_subnet(taken)
                record = LabRecord(self.name, subnet, record.hosts if record else {})
            record = record.with_hosts(names)
            record.write(self.folder)
            self._network.open_bridge(record.kernel, self.folder)
            return record

    def _refuse_rival(self) -> None:
        for owner in self._network.owners():
            if owner.name == self.name and owner != self.folder and owner.exists():
                raise LabError(
                    f"a lab called {self.name} is up in {owner}: choose another name, "
                    f"or take that one down with {VARIABLE} set as it was"
                )

    def _kernels(self, record: LabRecord | None) -> list[KernelNames]:
        numbers = set(self._network.owned_by(self.folder))
        if record is not None and self._network.is_open_to(record.kernel.bridge, self.folder):
            numbers.add(record.subnet)
        return [KernelNames(self.name, number) for number in sorted(numbers)]

    def _strays(self, record: LabRecord | None) -> list[str]:
        """Return hosts the kernel still knows and the record does not (somebody removed the lab's folder)."""
        prefix = KernelNames(self.name, 0).machine("")
        found = {*namespaces(), *machines_with_groups()}
        names = {name.removeprefix(prefix) for name in found if name.startswith(prefix)}
        return sorted(names - set(record.hosts if record else ()))

    def _write_papers(self, record: LabRecord) -> None:
        ensure_key(self._commands, self.key_path, f"lab-{self.name}")
        for name in record.hosts:
            ensure_key(self._commands, self._keys / name, name)
        write_known_hosts(self.known_hosts_path, record.addresses, self._keys)
        text = inventory_text(self.name, record.addresses, self.key_path, self.known_hosts_path)
        write_atomically(self.inventory_path, text)

    def _start(self, record: LabRecord, host: LabHost, image: Path) -> None:
        machine = self._machine(host)
        if not machine.is_running():
            machine.stop()
            namespace = self._network.plug_in(record.kernel, host.name, host.number)
            machine.boot(image, namespace)
        machine.wait_for_sshd(BOOT_S)

    def _link(self, host: str) -> str:
        require_root()
        known = self.host(host)
        record = self._record()
        if record is None or not self.is_running(known):
            raise LabError(f"host {host} of lab {self.name} is not running; 'lab up' starts it")
        return record.kernel.link(known.number)


def recorded_labs(labs: Path) -> list[LabRecord]:
    """Return the records of all labs under ``labs``, by name."""
    records = (LabRecord.read(path.parent) for path in sorted(labs.glob(f"*/{RECORD_FILE}")))
    return [record for record in records if record is not None]


def for_each(items: Sequence[Item], act: Callable[[Item], None]) -> None:
    """Do ``act`` with all items at once; every one is finished before the first error is raised."""
    if items:
        with ThreadPoolExecutor(max_workers=min(len(items), PARALLEL)) as pool:
            futures = [pool.submit(act, item) for item in items]
        for future in futures:
            future.result()
