"""Asking and driving systemd: one ``systemctl show`` tells all there is to know about a unit."""

import os
import re
from typing import Dict, List, Optional, Sequence

from .commands import PLAIN, Completed
from .system import System

SUFFIXES = ".service .socket .device .mount .automount .swap .target .path .timer .snapshot .slice .scope .conf".split()
PROPERTY = re.compile(r"^[A-Z][A-Za-z0-9]*=")
OFFLINE = "_offline"
"""In the place of properties where systemd is not running, or told so: in a chroot, in the making of an image."""
ON = ("enabled", "static", "generated")  # enabled-runtime is enabled until the next boot only


def in_charge(system: System) -> bool:
    """Tell whether systemd is process 1 here."""
    return system.files.is_dir("/run/systemd/system")


def full_name(name: str) -> str:
    """Return a unit's full name: a service's when no kind is named."""
    return name if name.endswith(tuple(SUFFIXES)) or "*" in name else name + ".service"


class Systemctl:
    """systemctl in one scope: the host's own manager, a user's, or all users'."""

    def __init__(self, system: System, scope: str = "system") -> None:
        self.system, self.scope = system, scope
        self.env = dict(PLAIN)
        if scope == "user":
            self.env["XDG_RUNTIME_DIR"] = os.environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % os.geteuid()

    def run(self, words: Sequence[str]) -> Completed:
        """Run systemctl with ``words``."""
        scope = [] if self.scope == "system" else ["--" + self.scope]
        return self.system.commands.run(["systemctl", *scope, *words], env=self.env)

    def show(self, unit: str) -> Dict[str, str]:
        """Return every property of a unit; a unit that is not there has LoadState not-found."""
        done = self.run(["show", unit])
        if "ignoring" in done.out + done.err and "=" not in done.out:
            return {OFFLINE: "1"}
        if done.rc != 0 and not done.out:
            return {"LoadState": "not-found", "_problem": done.err.strip()}
        return properties(done.out)

    def is_enabled(self, status: Dict[str, str], unit: str) -> bool:
        """Tell whether the unit starts by itself: links of an init script count, aliases and indirect units do not."""
        if OFFLINE in status:
            return self.run(["is-enabled", unit]).rc == 0
        state = status.get("UnitFileState", "")
        if state == "generated" and status.get("SourcePath", "").startswith("/etc/init.d/"):
            return starts_at_boot(self.system, os.path.basename(status["SourcePath"]))
        if state == "indirect":  # others are enabled in its place, or none; only the long answer lists them
            return len(self.run(["is-enabled", "--full", unit]).out.splitlines()) > 1
        if not state and self.scope == "global":
            return self.run(["is-enabled", unit]).rc == 0
        return state in ON


def properties(text: str) -> Dict[str, str]:
    """Return the Name=value lines of ``systemctl show``; a value may go on over lines."""
    found: Dict[str, str] = {}
    name: Optional[str] = None
    for line in text.splitlines():
        if PROPERTY.match(line):
            name, _, value = line.partition("=")
            found[name] = value
        elif name is not None:
            found[name] += "\n" + line
    return found


def starts_at_boot(system: System, name: str) -> bool:
    """Tell whether an init script has a start link in any runlevel that serves."""
    for level in "2345S":
        folder = "/etc/rc%s.d" % level
        entries: List[str] = system.files.listdir(folder) if system.files.is_dir(folder) else []
        if any(re.match(r"^S\d\d%s$" % re.escape(name), entry) for entry in entries):
            return True
    return False
