"""The flags that file systems keep beside a file's mode (chattr, lsattr), asked of the kernel without a program."""

import fcntl
import os
import stat as modes
import struct
from typing import Optional

_LONG = struct.calcsize("l")
GET_FLAGS = 0x80006601 | _LONG << 16
GET_VERSION = 0x80007601 | _LONG << 16
FLAGS = (
    ("s", 0x1),
    ("u", 0x2),
    ("S", 0x8),
    ("D", 0x10000),
    ("i", 0x10),
    ("a", 0x20),
    ("d", 0x40),
    ("A", 0x80),
    ("c", 0x4),
    ("E", 0x800),
    ("j", 0x4000),
    ("I", 0x1000),
    ("t", 0x8000),
    ("T", 0x20000),
    ("e", 0x80000),
    ("C", 0x800000),
    ("x", 0x2000000),
    ("F", 0x40000000),
    ("N", 0x10000000),
    ("P", 0x20000000),
    ("V", 0x100000),
)
FLAG_NAMES = {
    "A": "noatime",
    "a": "append",
    "c": "compressed",
    "C": "nocow",
    "d": "nodump",
    "D": "dirsync",
    "e": "extents",
    "E": "encrypted",
    "F": "casefold",
    "i": "immutable",
    "I": "indexed",
    "j": "journalled",
    "N": "inline",
    "s": "zero",
    "S": "synchronous",
    "t": "notail",
    "T": "blockroot",
    "u": "undelete",
    "x": "dax",
    "P": "projinherit",
    "V": "verity",
}


def flags_of(real: str) -> str:
    """Return the file system's flags of a path as lsattr's letters, empty where it has none."""
    bits = _ask(real, GET_FLAGS)
    return "".join(letter for letter, bit in FLAGS if (bits or 0) & bit)


def version_of(real: str) -> Optional[str]:
    """Return the generation number of a path's inode as text, None where the file system has none."""
    found = _ask(real, GET_VERSION)
    return None if found is None else str(found)


def _ask(real: str, request: int) -> Optional[int]:
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if not modes.S_ISREG(os.fstat(descriptor).st_mode) and not modes.S_ISDIR(os.fstat(descriptor).st_mode):
            return None
        answer = fcntl.ioctl(descriptor, request, b"\0" * 8)
        return int(struct.unpack("I", answer[:4])[0])
    except OSError:
        return None
    finally:
        os.close(descriptor)
