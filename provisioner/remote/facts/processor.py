"""The processors: models, sockets, cores, threads."""

import os
from typing import Any, Dict, List, Optional, Set

from ..system import System
from ..system.reading import lines

SUBSET = "hardware"
FACTS = ("processor", "processor_cores", "processor_count", "processor_vcpus")
MINIMAL = False
NAMING = ("model name", "Processor", "vendor_id", "cpu", "Vendor", "processor")


def collect(system: System) -> Dict[str, Any]:
    """Read /proc/cpuinfo."""
    shown: List[str] = []
    sockets: Dict[str, Set[str]] = {}
    vcpus = siblings = cores = 0
    flags: Optional[List[str]] = None
    socket = ""
    for line in lines(system, "/proc/cpuinfo"):
        key, _, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if key in NAMING:
            shown.append(value)
        if key == "processor" and value.isdigit():
            vcpus += 1
        elif key == "physical id":
            socket = value
            sockets.setdefault(socket, set())
        elif key == "core id" and socket in sockets:
            sockets[socket].add(value)
        elif key == "cpu cores":
            cores = int(value)
        elif key == "siblings":
            siblings = int(value)
        elif key in ("flags", "Features") and flags is None:
            flags = value.split()
    facts = _counts(vcpus or (os.cpu_count() or 1), len(sockets), cores, siblings)
    facts["processor"] = shown
    if flags is not None:
        facts["flags"] = flags
    return facts


def _counts(vcpus: int, sockets: int, cores: int, siblings: int) -> Dict[str, Any]:
    """Machines whose cpuinfo names no sockets (ARM, some guests) count each processor as one."""
    if not sockets or not cores:
        sockets, cores, siblings = (sockets or vcpus), (cores or 1), (siblings or 1)
    threads = max(siblings // cores, 1)
    return {
        "processor_count": sockets,
        "processor_cores": cores,
        "processor_threads_per_core": threads,
        "processor_vcpus": threads * sockets * cores,
        "processor_nproc": len(os.sched_getaffinity(0)),
    }
