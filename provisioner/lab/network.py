"""A lab's network: a bridge, a cable and a namespace a host, and the way out through the controller."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from pathlib import Path

from provisioner.diagnostics.errors import UnmetNeed

from .commands import Commands, LabError
from .names import KernelNames

NAMESPACES = Path("/run/netns")
LINKS = Path("/sys/class/net")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
SUBNETS = range(256)
# a systemd needs dozens of inotify instances, all counted for the one root user of this kernel
LIMITS = {
    "fs/inotify/max_user_instances": 8192,
    "fs/inotify/max_user_watches": 1_048_576,
    "fs/file-max": 1_048_576,
    "kernel/keys/maxkeys": 20_000,
}


class Network:
    """Makes and removes what the kernel holds for labs; every step may find its work done already."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def owner(self, bridge: str) -> str | None:
        """Return whose bridge this is (the folder of its lab), an empty string if nobody's, None if there is none."""
        alias = LINKS / bridge / "ifalias"
        try:
            return alias.read_text(encoding="utf-8").strip()
        except OSError:
            return None

    def owners(self) -> tuple[Path, ...]:
        """Return the folders of all labs on this machine that have a bridge."""
        found = (self.owner(f"prov-br{number}") for number in SUBNETS)
        return tuple(Path(owner) for owner in found if owner)

    def is_open_to(self, bridge: str, folder: Path) -> bool:
        """Return whether the lab in ``folder`` may have this bridge: it is its own already, or nobody's."""
        return self.owner(bridge) in {None, "", str(folder)}

    def owned_by(self, folder: Path) -> tuple[int, ...]:
        """Return the numbers of the networks that belong to the lab in ``folder``, recorded or not."""
        return tuple(n for n in SUBNETS if self.owner(f"prov-br{n}") == str(folder))

    def free_subnet(self, taken: Iterable[int]) -> int:
        """Return the lowest network number that no lab has and that no address or route of this machine meets."""
        used, busy = set(taken), self._busy_networks()
        for number in SUBNETS:
            names = KernelNames("x", number)
            network = ipaddress.ip_network(names.network)
            if number in used or self.owner(names.bridge) is not None:
                continue
            if not any(network.overlaps(other) for other in busy):
                return number
        raise LabError("no network of 10.77.0.0/16 is free: take labs down or remove routes into that range")

    def _busy_networks(self) -> list[ipaddress.IPv4Network]:
        routes = json.loads(self._commands.run(["ip", "-j", "-4", "route", "show"]) or "[]")
        destinations = [str(route.get("dst", "default")) for route in routes]
        return [ipaddress.IPv4Network(d, strict=False) for d in destinations if d != "default"]

    def open_bridge(self, names: KernelNames, folder: Path) -> None:
        """Make the lab's bridge with the controller's address and the way out."""
        run = self._commands.run
        if self.owner(names.bridge) is None:
            run(["ip", "link", "add", names.bridge, "address", names.hardware_address(0), "type", "bridge"])
        run(["ip", "link", "set", names.bridge, "alias", str(folder)])
        run(["ip", "addr", "replace", f"{names.gateway}/24", "dev", names.bridge])
        run(["ip", "link", "set", names.bridge, "up"])
        raise_setting(FORWARDING, 1)
        table = f"table ip {names.table}"
        leaving = f"ip saddr {names.network} ip daddr != {names.network} masquerade"
        chain = f"{{ chain out {{ type nat hook postrouting priority srcnat; {leaving}; }}; }}"
        run(["nft", "-f", "-"], text=f"{table}\ndelete {table}\n{table} {chain}\n")

    def close_bridge(self, names: KernelNames) -> None:
        """Remove bridge, cables and table."""
        for port in (LINKS / names.bridge / "brif").glob("*"):
            self._commands.attempt(["ip", "link", "del", port.name])
        argv = ["ip", "link", "del", names.bridge]
        self._commands.run_until(argv, lambda: not (LINKS / names.bridge).exists())
        self._commands.attempt(["nft", "delete", "table", "ip", names.table])

    def plug_in(self, names: KernelNames, host: str, number: int) -> Path:
        """Give a host a fresh namespace and cable; return the namespace's path."""
        self.unplug(names, host, number)
        space, link = names.machine(host), names.link(number)
        self._commands.run(["ip", "netns", "add", space])
        steps = [
            f"link add {link} type veth peer name host0 address {names.hardware_address(number)} netns {space}",
            f"link set {link} master {names.bridge} up",
        ]
        inside = [
            "link set lo up",
            f"addr add {names.address(number)}/24 dev host0",
            "link set host0 up",
            f"route add default via {names.gateway}",
        ]
        self._commands.run(["ip", "-batch", "-"], text="\n".join(steps) + "\n")
        self._commands.run(["ip", "-n", space, "-batch", "-"], text="\n".join(inside) + "\n")
        return NAMESPACES / space

    def unplug(self, names: KernelNames, host: str, number: int) -> None:
        """Remove a host's namespace and cable, whatever is left of them."""
        link = names.link(number)
        self._commands.run_until(["ip", "link", "del", link], lambda: not (LINKS / link).exists())
        self.remove_namespace(names.machine(host))

    def remove_namespace(self, name: str) -> None:
        """Remove a namespace, and a file by that name that has become none."""
        self._commands.run_until(["ip", "netns", "del", name], lambda: name not in namespaces())

    def set_link(self, link: str, *, up: bool) -> None:
        """Pull or plug a host's cable at the controller's end."""
        self._commands.run(["ip", "link", "set", link, "up" if up else "down"])

    def delay(self, link: str, milliseconds: int) -> None:
        """Delay what travels to a host by ``milliseconds``; 0 takes the delay away."""
        if milliseconds == 0:
            self._commands.attempt(["tc", "qdisc", "del", "dev", link, "root"])
            return
        argv = ["tc", "qdisc", "replace", "dev", link, "root", "netem", "delay", f"{milliseconds}ms"]
        outcome = self._commands.attempt(argv)
        if not outcome.ok:
            raise LabError(
                f"this kernel cannot delay packets ({outcome.err.strip()}): it needs the sch_netem module; "
                "use cut and heal, or run the lab on another kernel"
            )


def namespaces() -> tuple[str, ...]:
    """Return the names of the network namespaces of this machine."""
    return tuple(path.name for path in NAMESPACES.glob("*"))


def raise_limits() -> None:
    """Raise the kernel's limits that a dozen systemds would meet; never lower one."""
    for name, least in LIMITS.items():
        raise_setting(Path("/proc/sys") / name, least)


def raise_setting(setting: Path, least: int) -> None:
    """Write ``least`` to a kernel setting that is lower; say how to do it elsewhere where that is forbidden."""
    if not setting.exists() or int(setting.read_text(encoding="ascii")) >= least:
        return
    try:
        setting.write_text(str(least), encoding="ascii")
    except OSError as error:
        name = ".".join(setting.parts[3:])
        raise UnmetNeed(
            f"{name} cannot be set here ({error.strerror})", f"run 'sysctl -w {name}={least}' on the machine itself"
        ) from error
