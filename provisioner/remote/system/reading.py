"""Small text files of the kernel and of /etc, as fact collectors want them: text or a default, never an exception."""

import shlex
from typing import Dict, List

from .system import System


def text(system: System, path: str, default: str = "") -> str:
    """Return a file's text without surrounding blanks, or ``default`` where it cannot be read."""
    try:
        return system.files.read(path).decode("utf-8", "replace").strip()
    except OSError:
        return default


def lines(system: System, path: str) -> List[str]:
    """Return a file's lines, none where it cannot be read."""
    return text(system, path).splitlines()


def names(system: System, path: str) -> List[str]:
    """Return the names in a directory, none where there is no such directory."""
    try:
        return system.files.listdir(path)
    except OSError:
        return []


def assignments(system: System, path: str) -> Dict[str, str]:
    """Return the NAME=value lines of a file that a shell could read (os-release, lsb-release)."""
    found = {}
    for line in lines(system, path):
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            try:
                words = shlex.split(value)
            except ValueError:
                words = [value.strip("\"'")]
            found[name.strip()] = words[0] if words else ""
    return found
