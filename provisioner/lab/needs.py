"""What a machine must have to run a lab; what can be installed is, the rest is said in one line."""

from __future__ import annotations

import os
import sys

from provisioner.diagnostics.errors import UnmetNeed

from .commands import Commands, LabError
from .image import Say

PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "ssh-keygen": "openssh-client",
    "nft": "nftables",
    "openssl": "openssl",
}


def require_root() -> None:
    """Refuse to go on where labs cannot be: no Linux, no root."""
    if sys.platform != "linux":
        raise UnmetNeed("lab hosts are Linux machines on this machine's own kernel", "run this on Linux, as root")
    if os.geteuid() != 0:
        raise UnmetNeed("lab hosts need root (mounts, namespaces, bridges)", "run this again with sudo")


def ensure_programs(commands: Commands, say: Say) -> None:
    """Install the programs that are missing, where this is a Debian; name them where it is not."""
    missing = {program: package for program, package in PROGRAMS.items() if not commands.has(program)}
    if not missing:
        return
    packages = sorted(set(missing.values()))
    if not commands.has("apt-get"):
        raise UnmetNeed(f"these programs are missing: {', '.join(missing)}", f"install {' '.join(packages)}")
    say(f"lab: installing {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    try:
        commands.run(["apt-get", "update", "-q"], timeout_s=300, environment=quiet)
        commands.run(install, timeout_s=600, environment=quiet)
    except LabError as error:
        remedy = f"install {' '.join(packages)} by hand"
        raise UnmetNeed(f"these programs are missing and apt-get failed ({error})", remedy) from error
