"""Start, stop and enable services by init scripts."""

from typing import Any, Dict, List, Optional

from ..change import Change, Traits
from ..params import Parameters, optional, required, required_one_of
from ..system import System
from . import service

TRAITS = Traits(locks=("systemd",))


class Params(Parameters):
    """The init script and what shall be true of it."""

    name: str = required("str", "The service.", aliases=("service",))
    state: Optional[str] = optional("str", "What it shall do.", choices=("reloaded", "restarted", "started", "stopped"))
    enabled: Optional[bool] = optional("bool", "Whether it starts at boot.")
    sleep: int = optional("int", "Seconds between stop and start of a restart.", 1)
    pattern: Optional[str] = optional("str", "Text in the process list that shows it runs, where status cannot tell.")
    runlevels: Optional[List[str]] = optional("list", "Accepted; the script's own levels are used.", elements="str")
    arguments: Optional[str] = optional("str", "More words for the init script.", aliases=("args",))
    daemonize: bool = optional("bool", "Accepted; scripts are waited for.", False)
    rules = (required_one_of("state", "enabled"),)


State = service.State


def inspect(params: Params, system: System) -> service.State:
    """Ask the init script."""
    names = ("name", "state", "enabled", "sleep", "pattern", "arguments")
    given = {name: getattr(params, name) for name in names if getattr(params, name) is not None}
    return service.inspect(service.Params.parse(dict(given, use="sysvinit")), system)


def plan(params: Params, state: service.State) -> Change:
    """Compare."""
    change = service.plan(state.wanted, state)
    words = {"enable": "enabled", "disable": "disabled", "start": "started", "stop": "stopped"}
    steps = {words.get(step, step + "ed"): {"changed": True} for step in change.todo}
    return Change(
        change.changed,
        change.todo,
        dict(change.result, results={"name": params.name, "status": steps}, status=_status(steps)),
        settles=change.settles,
    )


def _status(steps: Dict[str, Dict[str, bool]]) -> Dict[str, Dict[str, Any]]:
    """Return what was done to both sides of a service, also where nothing was."""
    nothing: Dict[str, Any] = {"changed": False, "rc": None, "stdout": None, "stderr": None}
    return {name: dict(nothing, **steps.get(name, {})) for name in dict.fromkeys(["enabled", "started", *steps])}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the calls."""
    return service.apply(change, system)


RETURNS = """
name: The service.
results: The service and what was done to it.
state: What it does now.
enabled: Whether it starts at boot.
status: What the script says: whether enabled, started, stopped.
"""

EXAMPLES = """
- name: Running now and after every boot
  sysvinit:
    name: apache2
    state: started
    enabled: true
"""
