"""What the kernel was booted with."""

import shlex
from typing import Any, Dict

from ..system import System
from ..system.reading import text

SUBSET = "cmdline"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Read /proc/cmdline: once with the last value of each name, once with all."""
    line = text(system, "/proc/cmdline")
    try:
        words = shlex.split(line, posix=False)
    except ValueError:
        words = line.split()
    last: Dict[str, Any] = {}
    every: Dict[str, Any] = {}
    for word in words:
        name, equals, given = word.partition("=")
        value: Any = given if equals else True
        last[name] = value
        if name in every:
            before = every[name]
            every[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            every[name] = value
    return {"cmdline": last, "proc_cmdline": every}
