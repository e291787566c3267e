"""The mounted file systems that hold files on a device or a server, with their sizes."""

import os
import re
from typing import Any, Callable, Dict, List, Optional, Set

from ..patience import one_by_one
from ..system import System
from ..system.reading import lines, names

SUBSET = "hardware"
FACTS = ("mounts",)
MINIMAL = False
WAITS_ITSELF = True
NOTE = "Timed out: the file system did not tell its sizes within %g seconds"


def collect(system: System) -> Dict[str, Any]:
    """Read the mount table; a file system that does not answer, or not in time, is listed without sizes."""
    names_of = uuids(system)
    found: Dict[str, Dict[str, Any]] = {}
    bound = _bound(system)
    for line in lines(system, "/etc/mtab") or lines(system, "/proc/mounts"):
        words = [unescaped(word) for word in line.split()]
        if len(words) < 4 or not _holds_files(words[0], words[2]):
            continue
        device, mount, kind, options = words[:4]
        each: Dict[str, Any] = {
            "mount": mount,
            "device": device,
            "fstype": kind,
            "options": options + ",bind" if mount in bound and "bind" not in options.split(",") else options,
            "dump": int(words[4]) if len(words) > 4 else 0,
            "passno": int(words[5]) if len(words) > 5 else 0,
            "uuid": names_of.get(os.path.realpath(device), "N/A"),
        }
        found[mount] = each  # of several at one place the last hides the others
    _add_sizes(list(found.values()), system.memory.get("gather_timeout"))
    return {"mounts": list(found.values())}


def _add_sizes(mounts: List[Dict[str, Any]], timeout_s: Optional[float]) -> None:
    for each, outcome in zip(mounts, one_by_one([_question(each["mount"]) for each in mounts], timeout_s)):
        each.update({"note": NOTE % timeout_s} if outcome.is_given_up else outcome.get())


def _question(mount: str) -> Callable[[], Dict[str, int]]:
    return lambda: sizes_of(mount)


def _bound(system: System) -> Set[str]:
    """Return the places at which a part of a file system is mounted rather than its root."""
    rows = [line.split() for line in lines(system, "/proc/self/mountinfo")]
    return {unescaped(row[4]) for row in rows if len(row) > 4 and row[3] != "/"}


def _holds_files(device: str, kind: str) -> bool:
    return (device.startswith(("/", "\\")) or ":/" in device) and kind != "none"


def unescaped(word: str) -> str:
    """Return a word of a mount table as it is meant."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), word)


def uuids(system: System) -> Dict[str, str]:
    """Return the ids of block devices by path."""
    folder = "/dev/disk/by-uuid"
    return {os.path.realpath(os.path.join(folder, name)): name for name in names(system, folder)}


def sizes_of(mount: str) -> Dict[str, int]:
    """Return what the file system at a place says of its sizes; nothing where it does not answer."""
    try:
        status = os.statvfs(mount)
    except OSError:
        return {}
    return {
        "size_total": status.f_frsize * status.f_blocks,
        "size_available": status.f_frsize * status.f_bavail,
        "block_size": status.f_bsize,
        "block_total": status.f_blocks,
        "block_available": status.f_bavail,
        "block_used": status.f_blocks - status.f_bavail,
        "inode_total": status.f_files,
        "inode_available": status.f_favail,
        "inode_used": status.f_files - status.f_favail,
    }
