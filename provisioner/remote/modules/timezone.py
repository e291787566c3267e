"""Set the host's time zone, and whether its clock runs in local time."""

import os
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required_one_of
from ..system import System
from ..system.commands import PLAIN
from ..system.reading import text

TRAITS = Traits()
ZONES = "/usr/share/zoneinfo"


class Params(Parameters):
    """A zone of the tz database, such as Europe/Berlin."""

    name: Optional[str] = optional("str", "The zone.")
    hwclock: Optional[str] = optional(
        "str", "What the hardware clock shows.", choices=("local", "UTC"), aliases=("rtc",)
    )
    rules = (required_one_of("name", "hwclock"),)


class State(NamedTuple):
    """The zone, what /etc/timezone says (None: no such file), the clock's mode, whether the zone wished for exists."""

    zone: str
    written: Optional[str]
    clock: str
    exists: bool


def inspect(params: Params, system: System) -> State:
    """Read the link and files that say it."""
    written: Optional[str] = None
    if system.files.exists("/etc/timezone"):
        written = text(system, "/etc/timezone")
    zone = written or ""
    if written and system.files.read_or_none("/etc/localtime") != system.files.read_or_none(ZONES + "/" + written):
        zone = ""
    if system.files.is_link("/etc/localtime"):
        target = os.path.normpath(os.path.join("/etc", system.files.readlink("/etc/localtime")))
        zone = target.partition("/zoneinfo/")[2] or zone
    elif not system.files.exists("/etc/localtime"):
        zone = "UTC"
    adjustments = text(system, "/etc/adjtime").splitlines()
    clock = "local" if len(adjustments) > 2 and adjustments[2].strip() == "LOCAL" else "UTC"
    is_safe = bool(params.name) and ".." not in (params.name or "").split("/")
    return State(zone, written, clock, is_safe and system.files.is_file(os.path.join(ZONES, params.name or "")))


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.name is not None and not state.exists:
        raise Failed('given timezone "%s" is not available' % params.name)
    before, after = {}, {}
    if params.name is not None and (params.name != state.zone or state.written not in (None, params.name)):
        before["name"], after["name"] = state.zone, params.name
    if params.hwclock is not None and params.hwclock != state.clock:
        before["hwclock"], after["hwclock"] = state.clock, params.hwclock
    diff = {"before": _shown(before), "after": _shown(after)} if after else None
    result = {"msg": "set: %s" % ", ".join("%s to %s" % item for item in sorted(after.items()))} if after else {}
    return Change(bool(after), after, result, diff)


def _shown(values: Dict[str, str]) -> str:
    return "".join("%s: %s\n" % item for item in sorted(values.items()))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write Debian's file of the name; set the link, which says that it is done; tell the clock."""
    todo, state = change.todo, change.state
    if "name" in todo:
        if state.written is not None or system.files.exists("/etc/debian_version"):
            mode = None if state.written is not None else 0o644
            system.files.write("/etc/timezone", (todo["name"] + "\n").encode(), mode=mode)
        system.files.symlink(os.path.join(ZONES, todo["name"]), "/etc/localtime")
    if "hwclock" in todo:
        is_local = todo["hwclock"] == "local"
        if system.files.is_dir("/run/systemd/system"):
            words = ["timedatectl", "set-local-rtc", "1" if is_local else "0"]
        else:
            words = ["hwclock", "--systohc", "--localtime" if is_local else "--utc"]
        done = system.commands.run(words, env=PLAIN)
        if done.rc != 0:
            raise Failed("the hardware clock cannot be set: " + (done.err or done.out).strip(), rc=done.rc)
    return None


EXAMPLES = """
- name: Central Europe
  timezone:
    name: Europe/Berlin
"""
