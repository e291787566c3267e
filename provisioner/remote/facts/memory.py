"""Memory and swap in megabytes, and how long the host is up."""

from typing import Any, Dict

from ..system import System
from ..system.reading import lines, text

SUBSET = "hardware"
FACTS = ("memory", "memtotal_mb", "uptime_seconds")
MINIMAL = False


def collect(system: System) -> Dict[str, Any]:
    """Read /proc/meminfo and /proc/uptime."""
    mb: Dict[str, int] = {}
    for line in lines(system, "/proc/meminfo"):
        name, _, value = line.partition(":")
        words = value.split()
        if words and words[0].isdigit():
            mb[name] = int(words[0]) // 1024
    total, free = mb.get("MemTotal", 0), mb.get("MemFree", 0)
    idle = free + mb.get("Cached", 0) + mb.get("Buffers", 0)
    swap, swap_free = mb.get("SwapTotal", 0), mb.get("SwapFree", 0)
    facts: Dict[str, Any] = {
        "memtotal_mb": total,
        "memfree_mb": free,
        "swaptotal_mb": swap,
        "swapfree_mb": swap_free,
        "memory_mb": {
            "real": {"total": total, "used": total - free, "free": free},
            "nocache": {"free": idle, "used": total - idle},
            "swap": {
                "total": swap,
                "free": swap_free,
                "used": swap - swap_free,
                "cached": mb.get("SwapCached", 0),
            },
        },
    }
    uptime = text(system, "/proc/uptime").split()
    if uptime:
        facts["uptime_seconds"] = int(float(uptime[0]))
    return facts
