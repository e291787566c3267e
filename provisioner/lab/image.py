"""The image all hosts stand on: a small Debian with systemd, sshd and Python, built once and only read later."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .apt_settings import KEYRING, AptSettings
from .commands import Commands, LabError, put_file
from .locks import held
from .places import Places

VERSION = 2
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "sudo", "cron", "procps"),
    *("python3", "python3-apt", "iproute2", "iputils-ping", "nftables", "ca-certificates", "curl", "rsync"),
)
DEPLOY_PASSWORD = "lab-deploy"  # noqa: S105 a throw-away host's password, written in the guide and the inventory
FILES = {
    "etc/ssh/sshd_config.d/lab.conf": "UseDNS no\nMaxStartups 200\nMaxSessions 200\n",
    # a login right after the banner must not meet pam_nologin
    "etc/systemd/system/ssh.service.d/lab.conf": "[Unit]\nAfter=systemd-user-sessions.service dbus.socket\n",
    "etc/sudoers.d/lab": "deploy ALL=(ALL:ALL) ALL\nops ALL=(ALL:ALL) NOPASSWD: ALL\n",
    "etc/machine-id": "",
}
# one lost DNS packet costs a second, not the usual five
IMPATIENT = {"RES_OPTIONS": "timeout:1 attempts:5", "DEBIAN_FRONTEND": "noninteractive"}
BUILDING = "building-"
UNSYNCED = "etc/dpkg/dpkg.cfg.d/lab-build"

Say = Callable[[str], None]


class Images:
    """Finds or builds the image for this controller's release and package sources."""

    def __init__(self, commands: Commands, places: Places, say: Say, extra: Sequence[str] = ()) -> None:
        self._commands = commands
        self._cache = places.cache
        self._say = say
        self._packages = (*PACKAGES, *extra)

    def ensure(self) -> Path:
        """Return the image's folder; build it first where there is none. A folder by that name is always whole."""
        settings = AptSettings.of_controller(self._commands)
        recipe = hashlib.sha256(repr((VERSION, self._packages, FILES)).encode()).hexdigest()[:8]
        image = self._cache / f"{settings.release.codename}-v{VERSION}-{recipe}-{settings.fingerprint}"
        if image.is_dir():
            return image
        with held(self._cache / ".lock", timeout_s=1200):
            if not image.is_dir():
                self._remove_leftovers()
                self._build(image, settings)
        return image

    def _remove_leftovers(self) -> None:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
        for folder in self._cache.glob("*/"):
            is_image = "-v" in folder.name and f"={folder}," not in mounts and f"={folder}:" not in mounts
            if folder.name.startswith(BUILDING) or is_image:
                shutil.rmtree(folder)

    def _build(self, image: Path, settings: AptSettings) -> None:
        began = time.monotonic()
        self._say(f"lab: building the {settings.release.codename} image from {settings.mirror} (once, about a minute)")
        target = self._cache / f"{BUILDING}{image.name}"
        unsynced = target / UNSYNCED
        # a half-written image is thrown away anyway, so nothing need reach the disk package by package
        put_file(unsynced, "force-unsafe-io\n")
        self._bootstrap(target, settings)
        self._install_packages(target, settings)
        self._furnish(target)
        unsynced.unlink()
        target.rename(image)
        self._say(f"lab: image ready after {time.monotonic() - began:.0f} s")

    def _bootstrap(self, target: Path, settings: AptSettings) -> None:
        keyring = [f"--keyring={KEYRING}"] if KEYRING.exists() else []
        argv = ["debootstrap", "--variant=minbase", *keyring, "--include=ca-certificates"]
        argv += [settings.release.codename, str(target), settings.mirror]
        self._commands.run_contained(argv, timeout_s=1200, environment={**IMPATIENT, **settings.environment})

    def _install_packages(self, target: Path, settings: AptSettings) -> None:
        """Let apt fetch the rest: it takes a third of debootstrap's time, and takes security updates with it."""
        settings.install_into(target)
        write_resolver(target)
        self._inside(target, "update-ca-certificates")
        self._inside(target, "apt-get", "update", "-q")
        if not any((target / "var/lib/apt/lists").glob("*_Packages*")):
            raise LabError("'apt-get update' brought no package lists: see whether it works on this machine")
        forbid_start = target / "usr/sbin/policy-rc.d"
        put_file(forbid_start, "#!/bin/sh\nexit 101\n", 0o755)
        self._inside(target, "apt-get", "install", "-y", "-q", "--no-install-recommends", *self._packages)
        forbid_start.unlink()
        self._inside(target, "apt-get", "clean")

    def _furnish(self, target: Path) -> None:
        for name, text in FILES.items():
            put_file(target / name, text)
        (target / "etc/sudoers.d/lab").chmod(0o440)
        for key in (target / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        wants = target / "etc/systemd/system/timers.target.wants"
        for timer in wants.glob("apt-daily*"):
            timer.unlink()  # it would hold dpkg's lock at a moment nobody expects
        for user in ("deploy", "ops"):
            self._inside(target, "useradd", "--create-home", "--shell", "/bin/bash", user)
        hashed = self._commands.run(["openssl", "passwd", "-6", "-stdin"], text=DEPLOY_PASSWORD + "\n").strip()
        self._inside(target, "usermod", "--password", hashed, "deploy")

    def _inside(self, target: Path, *argv: str) -> None:
        self._commands.run_contained(argv, root=target, timeout_s=600, environment=IMPATIENT)


def write_resolver(target: Path, root: Path = Path("/")) -> None:
    """Give ``target`` a resolv.conf that works in hosts: the controller's, or what stands behind its local resolver."""
    text = (root / "etc/resolv.conf").read_text(encoding="utf-8")
    behind = root / "run/systemd/resolve/resolv.conf"
    if "nameserver 127." in text and behind.exists():
        text = behind.read_text(encoding="utf-8")
    resolver = target / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    if "options" not in text:
        text += f"options {IMPATIENT['RES_OPTIONS']}\n"
    put_file(resolver, text)
