"""Where the lab keeps its things on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from provisioner.records import dataclass

VARIABLE = "PROVISIONER_LAB_DIR"


@dataclass(frozen=True, slots=True)
class Places:
    """The two parent folders: images that are built once, and the labs that are up."""

    cache: Path
    labs: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Places:
        """Return the usual folders, or both under ``PROVISIONER_LAB_DIR`` where that is set."""
        chosen = environment.get(VARIABLE)
        if chosen:
            parent = Path(chosen).resolve()
            return cls(parent / "cache", parent / "labs")
        return cls(Path("/var/cache/provisioner/lab"), Path("/var/lib/provisioner/lab"))

    @property
    def packages(self) -> Path:
        """Return the folder of Debian packages that hosts have downloaded before."""
        return self.cache / "packages"

    def lab(self, name: str) -> Path:
        """Return the folder of one lab."""
        return self.labs / name


@dataclass(frozen=True, slots=True)
class HostPlaces:
    """The folder of one host: its disk and its console log."""

    folder: Path

    @property
    def upper(self) -> Path:
        """Return the folder that takes what the host writes."""
        return self.folder / "upper"

    @property
    def work(self) -> Path:
        """Return overlayfs's own folder."""
        return self.folder / "work"

    @property
    def root(self) -> Path:
        """Return the mount point of the host's root file system."""
        return self.folder / "root"

    @property
    def console(self) -> Path:
        """Return the log of the host's console."""
        return self.folder / "console.log"

    @property
    def process(self) -> Path:
        """Return the record of the process that runs the host."""
        return self.folder / "process.json"

    @property
    def image(self) -> Path:
        """Return the note that names the image the disk stands on; it exists once the disk is ready to boot."""
        return self.folder / "image"
