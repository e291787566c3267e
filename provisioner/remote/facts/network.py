"""Network interfaces with their addresses, and the way out."""

import ipaddress
import os
import socket
import struct
from typing import Any, Dict, List

from ..system import System
from ..system.netlink import Address, Link, addresses, links, local_routes, route_to
from ..system.reading import names, text

SUBSET = "network"
FACTS = ("interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses")
MINIMAL = False
FOLDER = "/sys/class/net"
TYPES = {1: "ether", 32: "infiniband", 512: "ppp", 772: "loopback", 65534: "tunnel"}
OUTSIDE = ((4, socket.AF_INET, "8.8.8.8"), (6, socket.AF_INET6, "2404:6800:400a:800::1012"))


def collect(system: System) -> Dict[str, Any]:
    """Join what /sys says about the interfaces with the kernel's addresses and routes."""
    found: Dict[str, Dict[str, Any]] = {}
    by_index: Dict[int, str] = {}
    try:
        present, given = links(), addresses()
    except OSError:
        return {"interfaces": []}  # a sandbox without netlink
    for link in present:
        by_index[link.number] = link.name
        found[link.name] = _interface(system, link)
    for address in given:
        name = by_index.get(address.number)
        if name:
            _add_address(found, name, address)
    facts: Dict[str, Any] = {"interfaces": list(found)}
    facts.update(_lists(given))
    facts.update(_defaults(found, by_index, given))
    facts["locally_reachable_ips"] = {"ipv4": _reachable(socket.AF_INET), "ipv6": _reachable(socket.AF_INET6)}
    for name, interface in found.items():
        facts[name.replace("-", "_").replace(":", "_")] = interface
    facts["interfaces"] = [name.replace(":", "_") for name in found]
    return facts


def _interface(system: System, link: Link) -> Dict[str, Any]:
    each: Dict[str, Any] = {"device": link.name, "active": link.active}
    if link.hardware.strip("0:"):
        each["macaddress"] = link.hardware
    each.update(mtu=link.mtu, type=TYPES.get(link.kind, "unknown"), promisc=link.promiscuous)
    folder = "%s/%s" % (FOLDER, link.name)
    if text(system, folder + "/ifindex") == str(link.number):
        each.update(_details(system, folder))
    return each


def _details(system: System, folder: str) -> Dict[str, Any]:
    """Return what only /sys knows; in some containers /sys shows another network than ours."""
    each: Dict[str, Any] = {}
    speed = text(system, folder + "/speed")
    if speed:
        each["speed"] = int(speed)
    device = system.files.real(folder + "/device")
    if os.path.isdir(os.path.join(device, "driver", "module")):
        each["module"] = os.path.basename(os.path.realpath(os.path.join(device, "driver", "module")))
    if os.path.exists(device):
        each["pciid"] = os.path.basename(os.path.realpath(device))
    if system.files.is_dir(folder + "/bridge"):
        each.update(_bridge(system, folder))
    if system.files.is_dir(folder + "/bonding"):
        each.update(_bond(system, folder + "/bonding"))
    return each


def _bridge(system: System, folder: str) -> Dict[str, Any]:
    return {
        "type": "bridge",
        "interfaces": names(system, folder + "/brif"),
        "id": text(system, folder + "/bridge/bridge_id"),
        "stp": text(system, folder + "/bridge/stp_state") == "1",
    }


def _bond(system: System, folder: str) -> Dict[str, Any]:
    each: Dict[str, Any] = {
        "type": "bonding",
        "slaves": text(system, folder + "/slaves").split(),
        "mode": text(system, folder + "/mode").split(" ")[0],
        "miimon": text(system, folder + "/miimon").split(" ")[0],
        "lacp_rate": text(system, folder + "/lacp_rate").split(" ")[0],
        "all_slaves_active": text(system, folder + "/all_slaves_active") == "1",
    }
    primary = text(system, folder + "/primary")
    if primary:
        each["primary"] = primary
    return each


def _add_address(found: Dict[str, Dict[str, Any]], name: str, address: Address) -> None:
    if address.family == socket.AF_INET6:
        entry = {"address": address.address, "prefix": str(address.prefix), "scope": address.scope}
        found.setdefault(name, {}).setdefault("ipv6", []).append(entry)
        return
    label = address.label if address.label and address.label != name else name
    interface = found.setdefault(label, {})
    if "ipv4" in interface:
        interface.setdefault("ipv4_secondaries", []).append(_ipv4(address))
    else:
        interface["ipv4"] = _ipv4(address)


def _ipv4(address: Address) -> Dict[str, Any]:
    number = struct.unpack("!I", socket.inet_aton(address.address))[0]
    mask = (0xFFFFFFFF << (32 - address.prefix)) & 0xFFFFFFFF
    return {
        "address": address.address,
        "broadcast": address.broadcast,
        "netmask": socket.inet_ntoa(struct.pack("!I", mask)),
        "network": socket.inet_ntoa(struct.pack("!I", number & mask)),
        "prefix": str(address.prefix),
    }


def _lists(given: List[Address]) -> Dict[str, List[str]]:
    four = [a.address for a in given if a.family == socket.AF_INET and not a.address.startswith("127.")]
    six = [a.address for a in given if a.family == socket.AF_INET6 and a.address != "::1"]
    return {"all_ipv4_addresses": four, "all_ipv6_addresses": six}


def _defaults(
    found: Dict[str, Dict[str, Any]], by_index: Dict[int, str], given: List[Address]
) -> Dict[str, Dict[str, Any]]:
    facts: Dict[str, Dict[str, Any]] = {}
    for version, family, outside in OUTSIDE:
        each: Dict[str, Any] = {}
        facts["default_ipv%d" % version] = each
        try:
            route = route_to(family, outside)
        except OSError:
            continue
        if route is None or not route.source:
            continue
        name = by_index.get(route.number, "")
        interface = found.get(name, {})
        each.update(interface=name, address=route.source, gateway=route.gateway)
        each.update({key: interface[key] for key in ("macaddress", "mtu", "type") if key in interface})
        for address in given:
            if address.address == route.source and address.family == family:
                _complete(each, address, name)
    return facts


def _complete(each: Dict[str, Any], address: Address, name: str) -> None:
    if address.family == socket.AF_INET6:
        each.update(prefix=str(address.prefix), scope=address.scope)
    else:
        each.update(_ipv4(address), alias=address.label or name)


def _reachable(family: int) -> List[str]:
    found = set()
    try:
        routes = local_routes(family)
    except OSError:
        return []
    full = 32 if family == socket.AF_INET else 128
    for route in routes:
        found.add(route.destination if route.prefix == full else "%s/%d" % (route.destination, route.prefix))
    return sorted(found, key=_by_number)


def _by_number(text_form: str) -> Any:
    return int(ipaddress.ip_network(text_form, strict=False).network_address)
