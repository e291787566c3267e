"""Which distribution this is: name, versions, release name, family."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ..system import System
from ..system.reading import assignments, text

SUBSET = "distribution"
FACTS = ("distribution_version", "distribution_release", "distribution_major_version", "os_family")
MINIMAL = True

FAMILIES = (
    (
        "Debian",
        "Debian Ubuntu Raspbian Neon Linux_Mint SteamOS Devuan Kali Cumulus_Linux Pop!_OS Parrot Pardus Deepin UOS",
    ),
    (
        "RedHat",
        "RedHat CentOS Fedora Rocky AlmaLinux OracleLinux Amazon Scientific CloudLinux EuroLinux Virtuozzo openEuler",
    ),
    ("Suse", "SLES SLED openSUSE SUSE SLES_SAP SL-Micro ALP-Dolomite"),
    ("Archlinux", "Archlinux Antergos Manjaro"),
    ("Alpine", "Alpine"),
    ("Gentoo", "Gentoo Funtoo"),
    ("Slackware", "Slackware"),
    ("ClearLinux", "ClearLinux"),
    ("Void", "Void"),
    ("Flatcar", "Flatcar"),
)
BY_ID = {
    "debian": "Debian",
    "ubuntu": "Ubuntu",
    "raspbian": "Raspbian",
    "linuxmint": "Linux Mint",
    "devuan": "Devuan",
    "kali": "Kali",
    "pop": "Pop!_OS",
    "neon": "KDE neon",
    "rhel": "RedHat",
    "centos": "CentOS",
    "fedora": "Fedora",
    "rocky": "Rocky",
    "almalinux": "AlmaLinux",
    "ol": "OracleLinux",
    "amzn": "Amazon",
    "opensuse-leap": "openSUSE Leap",
    "opensuse-tumbleweed": "openSUSE Tumbleweed",
    "sles": "SLES",
    "sled": "SLED",
    "arch": "Archlinux",
    "manjaro": "Manjaro",
    "alpine": "Alpine",
    "gentoo": "Gentoo",
}


def collect(system: System) -> Dict[str, Any]:
    """Read os-release and the older release files."""
    release = assignments(system, "/etc/os-release") or assignments(system, "/usr/lib/os-release")
    name = BY_ID.get(release.get("ID", ""), release.get("NAME", "Linux").split(" ")[0] or "Linux")
    family = _family(name)
    version, codename = release.get("VERSION_ID", "NA"), _codename(release)
    path, variety = "/etc/os-release", name.split(" ")[0]
    if family == "Debian":
        variety = "Debian"
        version = _debian_version(system, name, version)
    elif family == "RedHat":
        redhat = _from_release_file(system)
        if redhat is not None:
            path, variety = "/etc/redhat-release", "RedHat"
            version, codename = redhat
    elif family == "Alpine":
        path, variety = "/etc/alpine-release", "Alpine"
        version, codename = text(system, path, version), "NA"
    elif family == "Archlinux":
        path, version, codename = "/etc/arch-release", "rolling", "NA"
    elif family == "Suse":
        variety = "SUSE"
        codename = version.partition(".")[2] or "0"
    return _answer(name, family, (version, codename), (path, variety))


def _answer(name: str, family: str, versions: Tuple[str, str], file: Tuple[str, str]) -> Dict[str, Any]:
    version, codename = versions
    major, dot, rest = version.partition(".")
    facts: Dict[str, Any] = {
        "distribution": name,
        "distribution_version": version or "NA",
        "distribution_major_version": major or "NA",
        "distribution_release": codename or "NA",
        "distribution_file_path": file[0],
        "distribution_file_variety": file[1],
        "distribution_file_parsed": True,
        "os_family": family,
    }
    if family == "Debian" and dot:
        facts["distribution_minor_version"] = rest.split(".")[0]
    return facts


def _family(name: str) -> str:
    wanted = name.replace(" ", "_")
    for family, members in FAMILIES:
        words: List[str] = members.split()
        if wanted in words or wanted.split("_")[0] in words:
            return family
    return name


def _codename(release: Dict[str, str]) -> str:
    name = release.get("VERSION_CODENAME") or release.get("UBUNTU_CODENAME")
    if name:
        return name
    match = re.search(r"\(([^)]+)\)", release.get("VERSION", ""))
    return match.group(1) if match else "NA"


def _debian_version(system: System, name: str, version: str) -> str:
    """Debian's own file says 12.11 where os-release says 12; testing and unstable have names there."""
    exact = text(system, "/etc/debian_version")
    if name == "Debian" and re.match(r"[0-9]+\.", exact):
        return exact
    if version == "NA" and name == "Debian":
        return exact or version
    return version


def _from_release_file(system: System) -> Optional[Tuple[str, str]]:
    """``Rocky Linux release 9.3 (Blue Onyx)`` gives the version and the release name."""
    match = re.search(r"release\s+([0-9.]+)[^(]*(?:\(([^)]*)\))?", text(system, "/etc/redhat-release"))
    return (match.group(1), match.group(2) or "NA") if match else None
