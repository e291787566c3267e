"""What ``stat`` and ``find`` say about a file's status."""

import os
import stat as modes
from typing import Any, Dict

from .attributes import group_name, user_name


def kind_of(status: os.stat_result) -> Dict[str, Any]:
    """Return what ``stat`` and ``find`` say about kind, owner, size and times."""
    mode = status.st_mode
    return {
        "mode": "%04o" % modes.S_IMODE(mode),
        "isdir": modes.S_ISDIR(mode),
        "ischr": modes.S_ISCHR(mode),
        "isblk": modes.S_ISBLK(mode),
        "isreg": modes.S_ISREG(mode),
        "isfifo": modes.S_ISFIFO(mode),
        "islnk": modes.S_ISLNK(mode),
        "issock": modes.S_ISSOCK(mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
        "pw_name": user_name(status.st_uid),
        "gr_name": group_name(status.st_gid),
        "size": status.st_size,
        "inode": status.st_ino,
        "dev": status.st_dev,
        "nlink": status.st_nlink,
        "atime": status.st_atime,
        "mtime": status.st_mtime,
        "ctime": status.st_ctime,
    }


def permissions_of(status: os.stat_result) -> Dict[str, Any]:
    """Return what ``stat`` and ``find`` say about each permission."""
    found = {
        kind + who: bool(status.st_mode & bit << shift)
        for who, shift in (("usr", 6), ("grp", 3), ("oth", 0))
        for kind, bit in (("r", 4), ("w", 2), ("x", 1))
    }
    found["isuid"] = bool(status.st_mode & modes.S_ISUID)
    found["isgid"] = bool(status.st_mode & modes.S_ISGID)
    return found
