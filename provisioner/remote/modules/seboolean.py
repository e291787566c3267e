"""Switch a boolean of SELinux on or off.

The programs getsebool, setsebool and semanage do the work. Tested with them on a host whose kernel has
no SELinux (there for the next start); for one that has it against recorded answers.
"""

import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("selinux",))


class Params(Parameters):
    """The boolean."""

    name: str = required("str", "Its name.")
    state: bool = required("bool", "Whether it is on.")
    persistent: bool = optional("bool", "Whether it stays so after a reboot.", False)
    ignore_selinux_state: bool = optional("bool", "Work where SELinux is switched off, too.", False)


class State(NamedTuple):
    """What it is now, and what it will be after a reboot; None where that cannot be told."""

    active: Optional[bool]
    kept: Optional[bool]


def inspect(params: Params, system: System) -> State:
    """Ask getsebool and semanage."""
    done = system.commands.run(["getsebool", params.name], env=PLAIN)
    if done.rc == 127:
        raise Failed("This module requires the program getsebool; install the package libselinux-utils")
    found = re.search(r"--> (on|off)", done.out)
    if not found and not params.ignore_selinux_state:
        said = (done.err or done.out).strip()
        raise Failed("SELinux boolean %s does not exist, or SELinux is disabled on this host: %s" % (params.name, said))
    active = found.group(1) == "on" if found else None
    kept = None
    if params.persistent:
        listed = system.commands.run(["semanage", "boolean", "-l", "-n"], env=PLAIN)
        line = re.search(r"^%s\s+\((on|off)\s*,\s*(on|off)\)" % re.escape(params.name), listed.out, re.MULTILINE)
        kept = line.group(2) == "on" if line else active
    return State(active, kept)


def plan(params: Params, state: State) -> Change:
    """Compare; the persistent value counts where it is asked for."""
    result = {"name": params.name, "persistent": params.persistent, "state": params.state}
    differs = state.active is not None and state.active != params.state
    if params.persistent and state.kept != params.state:
        differs = True
    if not differs:
        return Change(False, result=result)
    word = "on" if params.state else "off"
    words = ["setsebool", *(["-P"] if params.persistent else []), params.name, word]
    before = {True: "on", False: "off", None: "unknown"}[state.kept if params.persistent else state.active]
    return Change(
        True, words, result, {"before": "%s: %s\n" % (params.name, before), "after": "%s: %s\n" % (params.name, word)}
    )


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Set it."""
    done = system.commands.run(change.todo, env=PLAIN)
    if done.rc != 0:
        raise Failed("Failed to set boolean %s: %s" % (change.params.name, (done.err or done.out).strip()), rc=done.rc)
    return None


RETURNS = """
name: The boolean.
state: What was asked for.
persistent: Whether for every start.
"""

EXAMPLES = """
- name: The web server may connect to others
  seboolean:
    name: httpd_can_network_connect
    state: true
    persistent: true
"""
