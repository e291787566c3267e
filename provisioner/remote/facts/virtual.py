"""Whether this is a guest or a container, of what kind, and what it could itself host."""

import re
from typing import Any, Dict, List, Optional

from ..system import System
from ..system.reading import text

SUBSET = "virtual"
FACTS = ("virtualization_type", "virtualization_role", "virtualization_tech_guest", "virtualization_tech_host")
MINIMAL = False
CONTAINERS = {"docker": "docker", "podman": "podman", "lxc": "lxc", "lxc-libvirt": "lxc", "containerd": "containerd"}
DMI = "/sys/devices/virtual/dmi/id/"
PRODUCTS = {
    "KVM": "kvm",
    "KVM Server": "kvm",
    "Bochs": "kvm",
    "AHV": "kvm",
    "OpenStack Nova": "openstack",
    "OpenStack Compute": "openstack",
    "RHEV Hypervisor": "RHEV",
    "VMware Virtual Platform": "VMware",
    "VMware7,1": "VMware",
    "VirtualBox": "virtualbox",
    "HVM domU": "xen",
    "Parallels Virtual Platform": "parallels",
    "Virtual Machine": "VirtualPC",
}
VENDORS = {
    "QEMU": "kvm",
    "oVirt": "oVirt",
    "Amazon EC2": "kvm",
    "DigitalOcean": "kvm",
    "Hetzner": "kvm",
    "Google": "kvm",
}
VENDORS.update(
    {"Scaleway": "kvm", "Nutanix": "kvm", "Microsoft Corporation": "VirtualPC", "Parallels Software": "parallels"}
)


def collect(system: System) -> Dict[str, Any]:
    """Ask the container marks first, then the firmware's names, then the processor."""
    guests = _container(system)
    machine = _machine(system)
    if machine and machine not in guests:
        guests.append(machine)
    hosts = _hosted(system)
    kind, role = "NA", "NA"
    if guests:
        kind, role = guests[0], "guest"
    elif hosts:
        kind, role = hosts[0], "host"
    if guests and guests[0] in CONTAINERS.values():
        guests.append("container")
    return {
        "virtualization_type": kind,
        "virtualization_role": role,
        "virtualization_tech_guest": sorted(guests),
        "virtualization_tech_host": sorted(hosts),
    }


def _container(system: System) -> List[str]:
    groups = text(system, "/proc/1/cgroup")
    if re.search(r"/docker(/|-[0-9a-f]+\.scope)", groups) or system.files.exists("/.dockerenv"):
        return ["docker"]
    if re.search(r"/lxc/", groups):
        return ["lxc"]
    if system.files.exists("/proc/vz") and not system.files.exists("/proc/lve"):
        return [] if system.files.exists("/proc/bc") else ["openvz"]
    told, noted = _from_environment(system), text(system, "/run/systemd/container")
    found = [CONTAINERS.get(told, "container")] if told else []
    if noted and noted not in found:
        found.append(noted)
    if not found and system.files.exists("/run/.containerenv"):
        found.append("podman")
    return found


def _from_environment(system: System) -> str:
    for pair in text(system, "/proc/1/environ").split("\0"):
        if pair.startswith("container="):
            return pair[len("container=") :]
    return ""


def _machine(system: System) -> Optional[str]:
    product, vendor = text(system, DMI + "product_name"), text(system, DMI + "sys_vendor")
    if product in PRODUCTS:
        return PRODUCTS[product]
    for name, kind in VENDORS.items():
        if vendor.startswith(name):
            return kind
    if vendor.startswith("VMware"):
        return "VMware"
    if system.files.exists("/proc/xen"):
        return "xen"
    if re.search(r"^flags\s*:.*\bhypervisor\b", text(system, "/proc/cpuinfo"), re.MULTILINE):
        return "kvm" if "QEMU" in text(system, "/proc/cpuinfo") else None
    return None


def _hosted(system: System) -> List[str]:
    modules = {line.split(" ", 1)[0] for line in text(system, "/proc/modules").splitlines()}
    hosts = []
    if system.files.exists("/dev/kvm") or "kvm" in modules:
        hosts.append("kvm")
    if "vboxdrv" in modules:
        hosts.append("virtualbox")
    return hosts
