"""Whether the tasks run inside a chroot."""

import os
from typing import Any, Dict

from ..system import System

SUBSET = "chroot"
FACTS = ("is_chroot",)
MINIMAL = False


def collect(system: System) -> Dict[str, Any]:
    """Compare our root with that of process 1."""
    if os.environ.get("debian_chroot"):
        return {"is_chroot": True}
    ours = os.stat("/")
    try:
        first = os.stat("/proc/1/root/.")
    except OSError:
        return {"is_chroot": ours.st_ino != 2 and not system.files.exists("/run/systemd/system")}
    return {"is_chroot": (ours.st_ino, ours.st_dev) != (first.st_ino, first.st_dev)}
