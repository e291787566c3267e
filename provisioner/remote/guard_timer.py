"""A timer of systemd beside the process that waits for a guard: administrators see it, and it outlives that process.

Where a host ends what a session left behind (``KillUserProcesses=yes``), or somebody does, the timer undoes the change
a moment later. What it needs is in memory only (``/run``), for root alone, and goes when the guard is over.
"""

import os
import shutil
import sys
from subprocess import TimeoutExpired
from typing import Any, Dict, List

from . import guard_boot
from .system import System

FOLDER = "/run/provisioner"
LATER_S = 1.0
PATIENCE_S = 5.0


def start(path: str, steps: List[Dict[str, Any]], seconds: float, system: System) -> str:
    """Let the guard ``path`` be undone also by a timer; return its name, nothing where there can be none."""
    stop(path, system)
    if os.geteuid() != 0 or not os.path.isdir(guard_boot.RUNNING) or not guard_boot.has_code():
        return ""
    folder, unit = _folder(path), _unit(path)
    _is_done(["systemctl", "stop", unit + ".timer"], system)  # of an earlier guard of that name
    os.makedirs(FOLDER, 0o700, exist_ok=True)
    guard_boot.lay_down(folder, path, steps)
    argv = ["systemd-run", "--quiet", "--unit=" + unit, "--on-active=%.1fs" % (seconds + LATER_S)]
    argv += ["--timer-property=AccuracySec=100ms", "--description=Undo a change that was not confirmed in time"]
    if _is_done([*argv, sys.executable, "-I", "-S", "-B", folder + "/run.py"], system):
        return unit + ".timer"
    shutil.rmtree(folder, ignore_errors=True)
    return ""


def stop(path: str, system: System) -> None:
    """Call the timer off, if there is one."""
    if os.path.isdir(_folder(path)):
        _is_done(["systemctl", "stop", "--no-block", _unit(path) + ".timer"], system)  # somebody may be held meanwhile
        shutil.rmtree(_folder(path), ignore_errors=True)


def _is_done(argv: List[str], system: System) -> bool:
    try:
        return system.commands.run(argv, timeout_s=PATIENCE_S).rc == 0
    except TimeoutExpired:
        return False


def _folder(path: str) -> str:
    return os.path.join(FOLDER, os.path.basename(path))


def _unit(path: str) -> str:
    return "provisioner-undo-" + os.path.basename(path).replace("guard-", "", 1)
