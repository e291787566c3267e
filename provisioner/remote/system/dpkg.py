"""What dpkg has installed, read from its own database: a thousand packages in some milliseconds, nothing started."""

import fnmatch
import os
import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from .system import System

STATUS = "/var/lib/dpkg/status"
EXTENDED = "/var/lib/apt/extended_states"
FIELD = re.compile(r"^([\w-]+): (.*)$", re.MULTILINE)
FIELDS = re.compile(rb"^(?:Package|Status|Version|Architecture|Provides|Section): .*$|^$", re.MULTILINE)
INSTALLED = ("installed", "triggers-awaited", "triggers-pending")
LEFT_FILES = ("config-files", "half-installed", "unpacked", "half-configured", *INSTALLED)


class Package(NamedTuple):
    """One package dpkg knows about; ``state`` is the third word of its status line."""

    name: str
    state: str
    version: str
    architecture: str
    provides: str
    held: bool
    section: str = ""

    @property
    def installed(self) -> bool:
        """Tell whether it is there and configured."""
        return self.state in INSTALLED

    @property
    def leaves_files(self) -> bool:
        """Tell whether anything of it is left, were it only configuration files."""
        return self.state in LEFT_FILES


class Database:
    """All packages by name; a name can be there once an architecture."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self.by_name: Dict[str, List[Package]] = {}
        self._providers: Optional[Dict[str, List[Package]]] = None
        for package in packages:
            self.by_name.setdefault(package.name, []).append(package)

    def find(self, name: str) -> Optional[Package]:
        """Return a package by ``name`` or ``name:arch``: an installed one before one that only left files."""
        bare, _, wanted = name.partition(":")
        best = None
        for package in self.by_name.get(bare, ()):
            if wanted and wanted not in ("any", "native") and package.architecture not in (wanted, "all"):
                continue
            if best is None or (package.installed and not best.installed):
                best = package
        return best

    def providers(self, name: str) -> List[Package]:
        """Return the installed packages that say they provide ``name``."""
        if self._providers is None:
            self._providers = {}
            for packages in self.by_name.values():
                for package in packages:
                    if package.provides and package.installed:
                        for provided in package.provides.split(","):
                            self._providers.setdefault(provided.split("(")[0].strip(), []).append(package)
        return self._providers.get(name, [])

    def matching(self, pattern: str) -> List[str]:
        """Return the names of known packages that fit a shell pattern."""
        return sorted(fnmatch.filter(self.by_name, pattern))


def automatic(system: System) -> Set[str]:
    """Return the names of packages that came only because others need them, as apt has noted."""
    noted = (system.files.read_or_none(EXTENDED) or b"").decode("utf-8", "replace")
    fields = (dict(FIELD.findall(entry)) for entry in noted.split("\n\n"))
    return {each["Package"] for each in fields if each.get("Auto-Installed") == "1" and "Package" in each}


def read(system: System) -> Database:
    """Return the database; it is read again only when the file has been replaced since."""
    try:
        status = os.stat(system.files.real(STATUS))
    except OSError:
        return Database(())
    stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
    kept: Tuple[Any, Database] = system.memory.get("dpkg", (None, Database(())))
    if kept[0] != stamp:
        kept = (stamp, Database(parse(system.files.read(STATUS))))
        system.memory["dpkg"] = kept
    return kept[1]


def parse(data: bytes) -> List[Package]:
    """Return the packages of a status file."""
    packages = []
    fields: Dict[bytes, str] = {}
    for line in FIELDS.findall(data):
        if line:
            key, _, value = line.partition(b": ")
            fields[key] = value.decode("utf-8", "replace").strip()
        elif fields:
            packages.append(_package(fields))
            fields = {}
    if fields:
        packages.append(_package(fields))
    return packages


def _package(fields: Dict[bytes, str]) -> Package:
    want, _, state = fields.get(b"Status", "unknown ok not-installed").split(" ")
    return Package(
        fields.get(b"Package", ""),
        state,
        fields.get(b"Version", ""),
        fields.get(b"Architecture", ""),
        fields.get(b"Provides", ""),
        want == "hold",
        fields.get(b"Section", ""),
    )


def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1 as Debian orders two versions: epoch, upstream, revision; ``~`` sorts before the end."""
    for one, other in zip(_parts(left), _parts(right)):
        result = _compare_part(one, other)
        if result:
            return result
    return 0


def _parts(version: str) -> Tuple[str, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if dash else (epoch, rest, "0")


def _compare_part(left: str, right: str) -> int:
    while left or right:
        one, left = _split(left, r"[^0-9]*")
        other, right = _split(right, r"[^0-9]*")
        left_key, right_key = _letters(one), _letters(other)
        if left_key != right_key:
            return -1 if left_key < right_key else 1
        one, left = _split(left, r"[0-9]*")
        other, right = _split(right, r"[0-9]*")
        if int(one or 0) != int(other or 0):
            return -1 if int(one or 0) < int(other or 0) else 1
    return 0


def _split(text: str, pattern: str) -> Tuple[str, str]:
    match = re.match(pattern, text)
    end = match.end() if match else 0
    return text[:end], text[end:]


def _letters(text: str) -> List[int]:
    """Order of characters: ~ before the end of the text, letters before everything else."""
    order = [-1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256 for c in text]
    return [*order, 0]
