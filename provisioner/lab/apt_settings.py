"""The controller's way to Debian packages (sources, proxies, keys, certificates), carried into the hosts."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from provisioner.records import dataclass

from .commands import Commands, put_file

DEFAULT_MIRROR = "http://deb.debian.org/debian"
SECURITY_MIRROR = "http://deb.debian.org/debian-security"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# folders whose files a source may name in Signed-By, or that apt trusts as a whole
KEY_FOLDERS = (Path("usr/share/keyrings"), Path("etc/apt/keyrings"), Path("etc/apt/trusted.gpg.d"))
CERTIFICATES = Path("usr/local/share/ca-certificates")
SETTINGS_FILE = Path("etc/apt/apt.conf.d/90lab-controller")


@dataclass(frozen=True, slots=True)
class Release:
    """The Debian release the hosts get, and whether the controller runs the same one."""

    codename: str
    is_ours: bool

    @classmethod
    def following(cls, os_release: str) -> Release:
        """Return the controller's release where it is Debian 12 or 13, else bookworm."""
        fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
        codename = fields.get("VERSION_CODENAME", "")
        if fields.get("ID") == "debian" and codename in {"bookworm", "trixie"}:
            return cls(codename, is_ours=True)
        return cls("bookworm", is_ours=False)


@dataclass(frozen=True, slots=True)
class AptSettings:
    """What apt on the controller is told, as far as it concerns getting packages."""

    release: Release
    sources: Mapping[str, str]
    acquire: str
    environment: Mapping[str, str]

    @classmethod
    def of_controller(cls, commands: Commands, root: Path = Path("/")) -> AptSettings:
        """Read the settings of this machine."""
        release = Release.following((root / "etc/os-release").read_text(encoding="utf-8"))
        sources = _sources(root / "etc/apt") if release.is_ours else {}
        if not sources:
            sources = {"etc/apt/sources.list": _default_sources(release.codename)}
        dumped = commands.attempt(["apt-config", "dump", "Acquire"])
        proxies = {name: os.environ[name] for name in ("http_proxy", "https_proxy") if os.environ.get(name)}
        lines = [line for line in dumped.out.splitlines() if not line.endswith('"";')]
        lines += [f'Acquire::{name.partition("_")[0]}::Proxy "{value}";' for name, value in proxies.items()]
        apt_proxy = re.search(r'^Acquire::http::Proxy "([^"]+)";', dumped.out, re.MULTILINE)
        if apt_proxy and apt_proxy[1] != "DIRECT":
            proxies["http_proxy"] = apt_proxy[1]
        return cls(release, sources, "\n".join(lines) + "\n", proxies)

    @property
    def mirror(self) -> str:
        """Return the archive that has the release itself, as the controller's sources name it."""
        text = "\n".join(self.sources.values())
        pair = rf"^deb(?: \[[^\]]*\])? (\S+) {self.release.codename} "
        stanza = rf"^URIs:\s*(\S+)\s*\n(?:.+\n)*?Suites:.*\b{self.release.codename}(?:\s|$)"
        found = re.search(pair, text, re.MULTILINE) or re.search(stanza, text, re.MULTILINE)
        return found[1] if found else DEFAULT_MIRROR

    @property
    def fingerprint(self) -> str:
        """Return a short hash: another one means that an image made with other settings must be made anew."""
        parts = [self.release.codename, self.acquire, *(f"{k}\n{v}" for k, v in sorted(self.sources.items()))]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]

    def install_into(self, target: Path, root: Path = Path("/")) -> None:
        """Write sources, settings, logins, keys and certificates into the file system at ``target``."""
        (target / "etc/apt/sources.list").unlink(missing_ok=True)
        for name, text in self.sources.items():
            put_file(target / name, text)
        put_file(target / SETTINGS_FILE, self.acquire)
        folders = [*(KEY_FOLDERS if self.release.is_ours else ()), Path("etc/apt/auth.conf.d"), CERTIFICATES]
        files = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
        for path in [*files, root / "etc/apt/auth.conf"]:
            inside = target / path.relative_to(root)
            if path.exists() and not inside.exists():
                put_file(inside, "")
                shutil.copy2(path, inside)


def _sources(folder: Path) -> dict[str, str]:
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    wanted = [path for path in files if path.is_file() and path.suffix in {".list", ".sources"}]
    texts = {f"etc/apt/{path.relative_to(folder)}": path.read_text(encoding="utf-8") for path in wanted}
    # an empty list beside a deb822 file is usual, and a file of comments is no source
    return {name: text for name, text in texts.items() if re.search(r"^(deb |deb\t|Types:)", text, re.MULTILINE)}


def _default_sources(codename: str) -> str:
    return (
        f"deb {DEFAULT_MIRROR} {codename} main\n"
        f"deb {DEFAULT_MIRROR} {codename}-updates main\n"
        f"deb {SECURITY_MIRROR} {codename}-security main\n"
    )
