"""Volume groups, logical volumes and physical volumes, where the host has LVM."""

import os
import stat
from typing import Any, Dict, List

from ..system import System
from ..system.commands import PLAIN

SUBSET = "hardware"
FACTS = ("lvm",)
MINIMAL = False
OPTIONS = ["--noheadings", "--nosuffix", "--units", "g", "--separator", ","]


def collect(system: System) -> Dict[str, Any]:
    """Ask the LVM tools, which only root may."""
    if os.geteuid() != 0 or not any(system.files.exists(path) for path in ("/sbin/vgs", "/usr/sbin/vgs")):
        return {"lvm": "N/A"}
    if not _may_have_volumes(system):
        return {"lvm": {"vgs": {}, "lvs": {}, "pvs": {}}}
    groups = {
        row[0]: {"size_g": row[-2], "free_g": row[-1], "num_lvs": row[2], "num_pvs": row[1]}
        for row in _table(system, "vgs", 7)
    }
    logical = {row[0]: {"size_g": row[3], "vg": row[1]} for row in _table(system, "lvs", 4)}
    physical = {row[0]: {"size_g": row[4], "free_g": row[5], "vg": row[1]} for row in _table(system, "pvs", 6)}
    return {"lvm": {"vgs": groups, "lvs": logical, "pvs": physical}}


def _may_have_volumes(system: System) -> bool:
    """Tell whether some device may be a physical volume: udev has looked at each of them; where it has not, perhaps.

    Each of LVM's programs looks through all devices, which takes longer than all other facts together.
    """
    for name in system.files.listdir("/sys/class/block") if system.files.is_dir("/sys/class/block") else ():
        if not stat.S_ISBLK(getattr(system.files.stat(os.path.join("/dev", name), follow=True), "st_mode", 0)):
            continue  # not given to this host
        number = system.files.read_or_none(os.path.join("/sys/class/block", name, "dev")) or b""
        known = system.files.read_or_none("/run/udev/data/b" + number.decode("ascii", "replace").strip())
        if known is None or b"LVM2_member" in known:
            return True
    return False


def _table(system: System, program: str, columns: int) -> List[List[str]]:
    out = system.commands.run([program, *OPTIONS], env=PLAIN, timeout_s=10).out
    rows = [line.strip().split(",") for line in out.splitlines()]
    return [row for row in rows if len(row) >= columns]
