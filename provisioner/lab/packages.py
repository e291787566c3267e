"""Debian packages that a host downloaded, kept for the next one: hard links, no lock, no server."""

from __future__ import annotations

import os
from pathlib import Path

ARCHIVES = Path("var/cache/apt/archives")


def keep(upper: Path, store: Path) -> None:
    """Keep what a host downloaded; apt puts a package under its name only once it is whole and checked."""
    store.mkdir(parents=True, exist_ok=True)
    for package in (upper / ARCHIVES).glob("*.deb"):
        if package.is_file():
            _link(package, store / package.name)


def offer(store: Path, upper: Path) -> None:
    """Put every kept package where a new host's apt looks first; versions it does not want do no harm."""
    folder = upper
    for part in ARCHIVES.parts:
        folder = folder / part
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    for package in store.glob("*.deb"):
        _link(package, folder / package.name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        return  # there already, or on another file system: the host downloads it, as it would have anyway
