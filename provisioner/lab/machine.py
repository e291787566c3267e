"""One host: a disk over the image, a boot as a systemd-nspawn machine, a stop that leaves nothing."""

from __future__ import annotations

import shutil
import socket
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from provisioner.records import dataclass

from .commands import Commands, LabError, put_file, tail
from .image import write_resolver
from .keys import public_key
from .packages import keep, offer
from .places import HostPlaces
from .processes import Groups, Running

HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
NSPAWN_STATE = Path("/run/systemd/nspawn")
USERS = {"root": "root", "deploy": "home/deploy", "ops": "home/ops"}


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a host from the others: name, machine name, address, and its keys on the controller."""

    name: str
    machine: str
    address: str
    login_key: Path
    host_key: Path


class Machine:
    """The disk and the processes of one host; its network is made by the lab."""

    def __init__(
        self, commands: Commands, identity: Identity, places: HostPlaces, store: Path, shared: Sequence[Path] = ()
    ) -> None:
        self._commands = commands
        self._who = identity
        self._places = places
        self._store = store
        self._shared = shared
        self._groups = Groups(commands, identity.machine)

    def is_running(self) -> bool:
        """Return whether the machine that was booted last still runs."""
        return Running.read(self._places.process) is not None

    def boot(self, image: Path, namespace: Path) -> None:
        """Make the disk where there is none over this image, and start the machine."""
        self._mount(image)
        argv = ["systemd-nspawn", "--quiet", f"--directory={self._places.root}", f"--machine={self._who.machine}"]
        argv += [f"--hostname={self._who.name}", "--boot", f"--network-namespace-path={namespace}"]
        argv += ["--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off"]
        # a network of its own to configure: addresses, routes, nftables, sysctl net.*
        argv += ["--capability=CAP_NET_ADMIN"]
        argv += [f"--bind-ro={folder}" for folder in self._shared]
        self._groups.start(argv, self._places.console).record(self._places.process)

    def _mount(self, image: Path) -> None:
        places = self._places
        if not places.image.exists() or places.image.read_text(encoding="utf-8") != image.name:
            self._remove_disk()
        for folder in (places.upper, places.work, places.root):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)  # the upper folder's mode becomes that of the host's root folder
        if not places.image.exists():
            offer(self._store, places.upper)
        layers = f"lowerdir={image},upperdir={places.upper},workdir={places.work}"
        mount = ["mount", "-t", "overlay", self._who.machine, "-o"]
        # volatile: no sync reaches the disk, which makes dpkg fast; nobody keeps a throw-away host over a crash
        if not self._commands.attempt([*mount, f"{layers},volatile", str(places.root)]).ok:
            self._commands.run([*mount, layers, str(places.root)])
        if not places.image.exists():
            self._furnish(places.root)
            places.image.write_text(image.name, encoding="utf-8")

    def _furnish(self, root: Path) -> None:
        who = self._who
        put_file(root / "etc/hostname", f"{who.name}\n")
        put_file(root / "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {who.name}\n")
        write_resolver(root)
        put_file(root / "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
        put_file(root / HOST_KEY, who.host_key.read_text(encoding="ascii"), 0o600)
        put_file(root / f"{HOST_KEY}.pub", public_key(who.host_key) + "\n")
        for home in USERS.values():
            folder, owner = root / home / ".ssh", (root / home).stat()
            folder.mkdir(mode=0o700, exist_ok=True)
            keys = folder / "authorized_keys"
            put_file(keys, public_key(who.login_key) + "\n", 0o600)
            for path in (folder, keys):
                shutil.chown(path, owner.st_uid, owner.st_gid)

    def wait_for_sshd(self, limit_s: float) -> None:
        """Return once sshd has sent its banner; otherwise raise an error with the end of the console log."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and self.is_running():
            if answers(self._who.address):
                return
            time.sleep(0.05)
        how = f"has no sshd after {limit_s:g} s" if self.is_running() else "ended while it booted"
        log = self._places.console.read_text(encoding="utf-8", errors="replace")
        raise LabError(f"host {self._who.name} ({self._who.address}) {how}; its console:\n{tail(log)}")

    def stop(self) -> None:
        """End every process of the host and unmount its disk, from whatever state it is in."""
        supervisor = Running.read(self._places.process)
        # forgotten first: killed between the two, the next 'up' must not take a dying host for a running one
        self._places.process.unlink(missing_ok=True)
        self._groups.stop(supervisor)
        root = self._places.root
        # lazily: a shell of somebody may stand in it; the disk goes when that one leaves
        self._commands.run_until(["umount", "--lazy", str(root)], lambda: not root.is_mount())
        # a killed systemd-nspawn leaves these behind
        exported = NSPAWN_STATE / "unix-export" / self._who.machine
        self._commands.run_until(["umount", "--lazy", str(exported)], lambda: not exported.is_mount())
        for left in (exported, NSPAWN_STATE / "propagate" / self._who.machine):
            shutil.rmtree(left, ignore_errors=True)
        if self._places.work.exists():
            shutil.rmtree(self._places.work)

    def wipe(self) -> None:
        """Stop the host and forget everything it wrote, but for packages, if it ran: then they are whole."""
        if self.is_running():
            keep(self._places.upper, self._store)
        self._places.image.unlink(missing_ok=True)
        self.stop()
        self._remove_disk()

    def _remove_disk(self) -> None:
        self._places.image.unlink(missing_ok=True)
        if self._places.folder.exists():
            shutil.rmtree(self._places.folder)


def answers(address: str, limit_s: float = 2.0) -> bool:
    """Return whether an SSH server greets at ``address``."""
    try:
        with socket.create_connection((address, 22), timeout=limit_s) as connection:
            connection.settimeout(limit_s)
            return connection.recv(64).startswith(b"SSH-2.0")
    except OSError:
        return False
