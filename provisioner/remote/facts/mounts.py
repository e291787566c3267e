"""The mounted file systems that hold files on a device or a server, with their sizes."""

import os
import re
from typing import Any, Dict, List

from ..system import System
from ..system.reading import lines, names

SUBSET = "hardware"
FACTS = ("mounts",)
MINIMAL = False


def collect(system: System) -> Dict[str, Any]:
    """Read the mount table; a file system that does not answer is listed without sizes."""
    uuids = _uuids(system)
    found: List[Dict[str, Any]] = []
    for line in lines(system, "/etc/mtab") or lines(system, "/proc/mounts"):
        words = [_unescaped(word) for word in line.split()]
        if len(words) < 4 or not _holds_files(words[0], words[2]):
            continue
        device, mount, kind, options = words[:4]
        each: Dict[str, Any] = {
            "mount": mount,
            "device": device,
            "fstype": kind,
            "options": options,
            "dump": int(words[4]) if len(words) > 4 else 0,
            "passno": int(words[5]) if len(words) > 5 else 0,
            "uuid": uuids.get(os.path.realpath(device), "N/A"),
        }
        each.update(_sizes(mount))
        found.append(each)
    return {"mounts": found}


def _holds_files(device: str, kind: str) -> bool:
    return (device.startswith(("/", "\\")) or ":/" in device) and kind != "none"


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), word)


def _uuids(system: System) -> Dict[str, str]:
    folder = "/dev/disk/by-uuid"
    return {os.path.realpath(os.path.join(folder, name)): name for name in names(system, folder)}


def _sizes(mount: str) -> Dict[str, int]:
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
