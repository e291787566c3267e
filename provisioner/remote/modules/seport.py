"""Tell SELinux which type a port of the network has.

The program semanage does the work. Tested with it on a host whose kernel has no SELinux; what a kernel that has it
says, against recorded answers.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("selinux",))
LINE = re.compile(r"^(\S+)\s+(tcp|udp|dccp|sctp)\s+(.+)$")


class Params(Parameters):
    """The ports and their type."""

    ports: List[str] = required("list", "Ports, or ranges such as 10000-10100.", elements="str")
    proto: str = required("str", "The protocol.", choices=("tcp", "udp"))
    setype: str = required("str", "The type.")
    state: str = optional("str", "Whether the ports have it.", "present", choices=("absent", "present"))
    reload: bool = optional("bool", "Whether the policy is loaded again.", True)
    local: bool = optional("bool", "Look at what was set on this host only.", False)
    ignore_selinux_state: bool = optional("bool", "Work where SELinux is switched off, too.", False)


class State(NamedTuple):
    """The ports (as written) with their types."""

    types: Dict[str, Tuple[str, ...]]


def inspect(params: Params, system: System) -> State:
    """Ask semanage."""
    if not params.ignore_selinux_state and not system.files.exists("/sys/fs/selinux/enforce"):
        raise Failed("SELinux is disabled on this host.")
    done = system.commands.run(["semanage", "port", "-l", "-n", *(["-C"] if params.local else [])], env=PLAIN)
    if done.rc == 127:
        raise Failed("This module requires the program semanage; install the package policycoreutils-python-utils")
    if done.rc != 0:
        raise Failed("semanage failed: %s" % (done.err or done.out).strip(), rc=done.rc)
    found: Dict[str, Tuple[str, ...]] = {}
    for line in done.out.splitlines():
        match = LINE.match(line)
        if match and match.group(2) == params.proto:
            for port in match.group(3).split(","):
                found[port.strip()] = (*found.get(port.strip(), ()), match.group(1))
    return State(found)


def plan(params: Params, state: State) -> Change:
    """Compare port by port."""
    ports = [port.replace(" ", "") for port in params.ports]
    wrong = [port for port in ports if not re.match(r"^\d+(-\d+)?$", port)]
    if wrong:
        raise Failed("ports: %s is neither a port nor a range" % wrong[0])
    result = {"ports": params.ports, "proto": params.proto, "setype": params.setype, "state": params.state}
    todo: List[List[str]] = []
    quiet = [] if params.reload else ["-N"]
    for port in ports:
        known = state.types.get(port, ())
        if params.state == "absent" and params.setype in known:
            todo.append(["semanage", "port", "-d", *quiet, "-t", params.setype, "-p", params.proto, port])
        elif params.state == "present" and params.setype not in known:
            verb = "-m" if known else "-a"
            todo.append(["semanage", "port", verb, *quiet, "-t", params.setype, "-p", params.proto, port])
    if not todo:
        return Change(False, result=result)
    before = "".join("%s: %s\n" % (port, ", ".join(state.types.get(port, ("none",)))) for port in ports)
    after = "".join("%s: %s\n" % (port, params.setype if params.state == "present" else "none") for port in ports)
    return Change(True, todo, result, {"before": before, "after": after})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run semanage for each port."""
    for number, words in enumerate(change.todo):
        done = system.commands.run(words, env=PLAIN)
        if done.rc != 0:
            raise Failed("semanage failed: %s" % (done.err or done.out).strip(), rc=done.rc, changed=number > 0)
    return None


RETURNS = """
ports: The ports.
proto: The protocol.
setype: The type.
state: What was asked for.
"""

EXAMPLES = """
- name: The web server listens there, too
  seport:
    ports: [8888, 10000-10100]
    proto: tcp
    setype: http_port_t
"""
