"""Which package manager the host has."""

from typing import Any, Dict

from ..system import System
from .distribution import collect as distribution

SUBSET = "pkg_mgr"
FACTS = ()
MINIMAL = True
PROGRAMS = (
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/microdnf", "dnf"),
    ("/usr/bin/dnf", "dnf"),
    ("/usr/bin/yum", "yum"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/bin/pacman", "pacman"),
    ("/sbin/apk", "apk"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/bin/swupd", "swupd"),
)
FIRST_CHOICE = {"Debian": "apt", "Suse": "zypper", "Archlinux": "pacman", "Alpine": "apk"}


def collect(system: System) -> Dict[str, Any]:
    """Return the manager of the distribution's family, or else the first one found."""
    found = [name for path, name in PROGRAMS if system.files.exists(path)]
    usual = FIRST_CHOICE.get(distribution(system)["os_family"])
    if usual in found:
        return {"pkg_mgr": usual}
    others = [name for name in found if name != "apt"]
    if usual != "apt" and others:
        return {"pkg_mgr": others[0]}
    return {"pkg_mgr": found[0] if found else "unknown"}
