"""Make a file system on a device or in a file, let it grow, or wipe it.

The programs mkfs and blkid do the work, and for growing resize2fs, xfs_growfs, btrfs or resize.f2fs.
"""

import os
import re
import shlex
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_if
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits()
MAKERS = {
    "bcachefs": ["mkfs.bcachefs"],
    "btrfs": ["mkfs.btrfs"],
    "ext2": ["mkfs.ext2"],
    "ext3": ["mkfs.ext3"],
    "ext4": ["mkfs.ext4"],
    "ext4dev": ["mkfs.ext4"],
    "f2fs": ["mkfs.f2fs"],
    "lvm": ["pvcreate"],
    "ocfs2": ["mkfs.ocfs2"],
    "reiserfs": ["mkfs.reiserfs", "-q"],
    "swap": ["mkswap"],
    "ufs": ["newfs"],
    "vfat": ["mkfs.vfat"],
    "xfs": ["mkfs.xfs"],
}
FORCE = {
    "btrfs": "-f",
    "f2fs": "-f",
    "lvm": "-f",
    "ocfs2": "-Fx",
    "reiserfs": "-q",
    "swap": "-f",
    "xfs": "-f",
    "bcachefs": "--force",
}
TYPES = {"LVM2_member": "lvm"}


class Params(Parameters):
    """The device and what is on it."""

    dev: str = required("path", "The device, or a file.", aliases=("device",))
    fstype: Optional[str] = optional(
        "str", "The kind of file system.", aliases=("type",), choices=tuple(sorted(MAKERS))
    )
    state: str = optional("str", "Whether there is one.", "present", choices=("absent", "present"))
    force: bool = optional("bool", "Replace what is there.", False)
    resizefs: bool = optional("bool", "Let it grow with its device.", False)
    opts: Optional[str] = optional("str", "Options for the program that makes it.")
    uuid: Optional[str] = optional("str", "Its identifier; random or generate for a new one.")
    rules = (required_if("state", "present", "fstype"),)


class State(NamedTuple):
    """What is on the device, the device's size, the file system's, and its identifier."""

    fstype: str
    size: int
    filled: Optional[int]
    uuid: str


def inspect(params: Params, system: System) -> State:
    """Ask blkid, and for growing the file system itself."""
    if not system.files.exists(params.dev):
        if params.state == "absent":
            return State("", 0, None, "")
        raise Failed("Device %s not found." % params.dev)
    real = system.files.real(params.dev)
    done = system.commands.run(["blkid", "-c", os.devnull, "-o", "value", "-s", "TYPE", real], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable blkid")
    known = done.out.strip()
    fstype = TYPES.get(known, known)
    told = (
        system.commands.run(["blkid", "-c", os.devnull, "-o", "value", "-s", "UUID", real], env=PLAIN)
        if params.uuid
        else None
    )
    size, filled = 0, None
    if params.resizefs and fstype:
        size = _device_size(params, system, real)
        filled = _filled(fstype, system, real)
    return State(fstype, size, filled, told.out.strip() if told else "")


def _device_size(params: Params, system: System, real: str) -> int:
    if system.files.is_file(params.dev):
        return system.files.size(params.dev)
    done = system.commands.run(["blockdev", "--getsize64", real], env=PLAIN)
    if done.rc != 0:
        raise Failed("Could not get the size of %s: %s" % (params.dev, done.err.strip()), rc=done.rc)
    return int(done.out)


def _filled(fstype: str, system: System, real: str) -> Optional[int]:
    """Return how many bytes the file system uses of its device, None where that cannot be told here."""
    if fstype.startswith("ext"):
        out = system.commands.run(["dumpe2fs", "-h", real], env=PLAIN).out
        numbers = [re.search(r"^%s:\s+(\d+)" % key, out, re.MULTILINE) for key in ("Block count", "Block size")]
    elif fstype == "xfs":
        mounted = system.commands.run(["findmnt", "-n", "-o", "TARGET", "--source", real], env=PLAIN).out.strip()
        out = system.commands.run(["xfs_info", mounted or real], env=PLAIN).out
        numbers = [
            re.search(pattern, out, re.MULTILINE) for pattern in (r"^data .*?blocks=(\d+)", r"^data .*?bsize=(\d+)")
        ]
    else:
        return None
    found = [int(match.group(1)) for match in numbers if match]
    return found[0] * found[1] if len(found) == 2 else None


def plan(params: Params, state: State) -> Change:
    """Compare; a file system of another kind is never replaced without force."""
    if params.state == "absent":
        diff = {"before": state.fstype + "\n", "after": ""}
        return Change(bool(state.fstype), ["wipefs", "--all"], diff=diff if state.fstype else None)
    wanted = params.fstype or ""
    is_same = state.fstype == wanted or (wanted == "ext4dev" and state.fstype == "ext4")
    if is_same and not params.force:
        if params.uuid and params.resizefs:
            raise Failed("uuid and resizefs do not go together for %s" % params.dev)
        return _grown(params, state)
    if state.fstype and not params.force:
        raise Failed("'%s' is already used as %s, use force=true to overwrite" % (params.dev, state.fstype))
    before = state.fstype + "\n" if state.fstype else ""
    diff = {"before": before, "after": wanted + "\n"}
    return Change(True, _maker(params, wanted), None, diff, settles=not params.force)


def _maker(params: Params, wanted: str) -> List[str]:
    """Return the command line of the program that makes the file system, but for the device."""
    is_ext = wanted.startswith("ext")
    force = "-F" if is_ext else FORCE.get(wanted, "")
    words = [*MAKERS[wanted], *([force] if force and (params.force or is_ext) else []), *shlex.split(params.opts or "")]
    if params.uuid and params.uuid not in ("random", "generate", "time"):
        words += _identified(wanted, params.uuid)
    return words


def _identified(fstype: str, uuid: str) -> List[str]:
    if fstype.startswith("ext") or fstype in ("btrfs", "swap"):
        return ["-U", uuid]
    if fstype == "xfs":
        return ["-m", "uuid=" + uuid]
    if fstype == "lvm":
        return ["--uuid", uuid, "--norestorefile"]
    raise Failed("uuid: not supported for %s" % fstype)


def _grown(params: Params, state: State) -> Change:
    spare = None if state.filled is None else state.size - state.filled
    if not params.resizefs or (spare is not None and spare < 1024 * 1024):
        return Change(False)
    if spare is None:
        raise Failed("module does not support resizing %s filesystem yet" % params.fstype)
    words = ["xfs_growfs"] if state.fstype == "xfs" else ["resize2fs"]
    return Change(True, words, None, {"before": "%d bytes\n" % (state.filled or 0), "after": "%d bytes\n" % state.size})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the program."""
    params = change.params
    real = system.files.real(params.dev)
    if change.todo[0] == "xfs_growfs":
        real = system.commands.run(["findmnt", "-n", "-o", "TARGET", "--source", real], env=PLAIN).out.strip()
        if not real:
            raise Failed("%s is not mounted: xfs grows only where it is" % params.dev)
    done = system.commands.run([*change.todo, real], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable %s" % change.todo[0])
    if done.rc != 0:
        raise Failed("%s failed: %s" % (change.todo[0], (done.err or done.out).strip()), rc=done.rc, changed=True)
    return None


EXAMPLES = """
- name: A file system for the data
  filesystem:
    dev: /dev/vdb1
    fstype: ext4
"""
