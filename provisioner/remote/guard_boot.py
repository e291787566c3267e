"""What lets a guard outlive a reboot: a unit of systemd that carries out its steps after the boot, unless called off.

The worker's code is in memory only, so what the steps need is written beside the guard's own file, for root alone,
and taken away with the unit when the guard is over.
"""

import json
import os
import shutil
import sys
from typing import Any, Dict, List

RUNNING = "/run/systemd/system"
UNITS = "/etc/systemd/system"
WANTS = "multi-user.target.wants"
BEFORE = (
    "network.target nftables.service firewalld.service iptables.service ufw.service networking.service "
    "systemd-networkd.service NetworkManager.service ssh.service sshd.service"
)
"""What a guarded change may have set up to be loaded at boot: it is undone after that."""
UNIT = """[Unit]
Description=Undo a change that was not confirmed in time (guard %(id)s)
ConditionPathExists=%(folder)s/steps.json
After=%(before)s

[Service]
Type=simple
ExecStart=%(python)s -I -S -B %(folder)s/run.py
"""
RUN = """import sys

sys.path.insert(0, %(folder)r)
from %(package)s.modules.armed_guard import after_boot

after_boot(%(path)r, %(folder)r)
"""


def why_impossible() -> str:
    """Say why a guard cannot outlive a reboot here; nothing where it can."""
    if os.geteuid() != 0:
        return "a guard that survives a reboot needs root: become root for the block"
    if not os.path.isdir(RUNNING):
        return "a guard cannot survive a reboot on this host: it was not booted by systemd"
    return "" if _sources() else "a guard cannot survive a reboot from here: the code of its steps is not at hand"


def keep(path: str, steps: List[Dict[str, Any]]) -> None:
    """Have the steps carried out after a boot for as long as the guard's file ``path`` says that it is armed."""
    folder = path + ".d"
    forget(path)
    lay_down(folder, path, steps)
    shown = {"folder": folder.replace("%", "%%"), "python": sys.executable.replace("%", "%%")}
    _write(_unit(path), UNIT % dict(shown, id=_id(path), before=BEFORE))
    os.makedirs(os.path.join(UNITS, WANTS), exist_ok=True)
    os.symlink(_unit(path), _link(path))
    package = os.path.join(folder, __package__.split(".")[0])
    for place in (os.path.join(UNITS, WANTS), UNITS, folder, package, os.path.dirname(path)):
        _sync(place)


def lay_down(folder: str, path: str, steps: List[Dict[str, Any]]) -> None:
    """Write into a new folder, for root alone, all that carrying out the steps of the guard ``path`` needs."""
    package = __package__.split(".")[0]
    os.mkdir(folder, 0o700)
    for name, text in _sources().items():
        _write(os.path.join(folder, package, name), text)
    _write(os.path.join(folder, "run.py"), RUN % {"folder": folder, "package": package, "path": path})
    _write(os.path.join(folder, "steps.json"), json.dumps(steps))


def has_code() -> bool:
    """Tell whether the code of the steps is at hand, as it is where a controller brought it."""
    return bool(_sources())


def forget(path: str) -> None:
    """Take away what ``keep`` has written, if it has."""
    for name in (_link(path), _unit(path)):
        try:
            os.unlink(name)
        except OSError:
            continue
    shutil.rmtree(path + ".d", ignore_errors=True)


def is_kept(path: str) -> bool:
    """Tell whether the guard would outlive a reboot."""
    return os.path.exists(path + ".d/steps.json") and os.path.islink(_link(path))


def steps_in(folder: str) -> List[Dict[str, Any]]:
    """Return the steps that were laid down there."""
    with open(folder + "/steps.json") as stream:
        steps: List[Dict[str, Any]] = json.load(stream)
    return steps


def _sources() -> Dict[str, str]:
    """Return the texts of this package, where it was brought by a controller."""
    package = __package__.split(".")[0]
    for finder in sys.meta_path:
        sources: Dict[str, str] = getattr(finder, "sources", {})
        if sources and getattr(finder, "package", "") == package:
            return dict(sources)
    return {}


def _id(path: str) -> str:
    return os.path.basename(path)


def _unit(path: str) -> str:
    return os.path.join(UNITS, "provisioner-%s.service" % _id(path))


def _link(path: str) -> str:
    return os.path.join(UNITS, WANTS, os.path.basename(_unit(path)))


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
