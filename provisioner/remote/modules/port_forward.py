"""Lead connections from named addresses on to a service that listens only on this host.

A process of its own listens and lets in only ``allow``; it stays until ``state: absent`` or the next boot. With this a
service need not be opened to the network, nor restarted, to be copied by one other host.
"""

import os
import signal
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..detaching import let_go
from ..params import Parameters, optional, required, required_if
from ..system import System, notes
from ..system.forwarding import listening, serve

TRAITS = Traits(reach="others")


class Params(Parameters):
    """From where to where."""

    note: str = required("path", "The file that says which process it is.")
    state: str = optional("str", "Whether it is there.", "present", choices=("present", "absent"))
    listen: str = optional("str", "The address to listen at.", "0.0.0.0")  # noqa: S104 - only named addresses are let in
    port: Optional[int] = optional("int", "The port to listen at.")
    allow: List[str] = optional("list", "Addresses that may come.", [], elements="str")
    to_host: str = optional("str", "Where it leads.", "127.0.0.1")
    to_port: Optional[int] = optional("int", "The port it leads to.")
    rules = (required_if("state", "present", "port", "allow", "to_port"),)


class State(NamedTuple):
    """The process that forwards, 0 for none, and what it was told."""

    pid: int
    told: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Read the note, and look whether the process lives: a number may have been given to another since."""
    note = notes.note(params.note)
    pid = int(note.get("pid", 0))
    return State(pid if pid and _started(pid) == note.get("started") else 0, note.get("told") or {})


def _started(pid: int) -> str:
    stat = notes.read("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return stat[19] if len(stat) > 19 else ""


def _wanted(params: Params) -> Dict[str, Any]:
    to = [params.to_host, params.to_port]
    return {"listen": [params.listen, params.port], "allow": sorted(params.allow), "to": to}


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.state == "absent":
        return Change(bool(state.pid))
    return Change(not state.pid or state.told != _wanted(params))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """End the process that is there; start another."""
    params = change.params
    if change.state.pid:
        _end(change.state.pid)
    notes.write(params.note, "")
    if params.state == "absent":
        return None
    try:
        listener = listening((params.listen, params.port))
    except OSError as error:
        raise Failed("cannot listen at %s port %d: %s" % (params.listen, params.port, error.strerror)) from None
    told, child_end = os.pipe()
    if not os.fork():
        try:
            os.setsid()
            if not os.fork():
                os.setsid()
                os.write(child_end, b"%d" % os.getpid())
                let_go(listener.fileno())
                serve(listener, params.allow, (params.to_host, params.to_port))
        finally:
            os._exit(0)
    os.wait()
    pid = int(os.read(told, 32))
    os.close(told)
    os.close(child_end)
    listener.close()
    notes.write_note(params.note, {"pid": pid, "started": _started(pid), "told": _wanted(params)})
    return None


def _end(pid: int) -> None:
    """End the process with the connections it carries, and wait until it is gone."""
    started = _started(pid)
    os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while _started(pid) == started and time.monotonic() < deadline:
        time.sleep(0.01)


EXAMPLES = """
- name: The new host reaches this one's Redis, and nobody else does
  port_forward:
    note: /var/lib/provisioner/redis-forward.json
    port: 16379
    allow: [192.0.2.7]
    to_port: 6379
"""
