"""Start, stop and enable services, whatever runs them."""

import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System
from ..system.commands import PLAIN
from ..system.systemctl import in_charge, starts_at_boot
from ..units import ACTIONS, NOTHING, UnitState, Wanted, carry_out, decide, look

TRAITS = Traits(locks=("systemd",))
SYSTEMD = ("systemd", "ansible.builtin.systemd", "ansible.builtin.systemd_service", "systemd_service")


class Params(Parameters):
    """On hosts with systemd this is the same as ``systemd``; elsewhere init scripts and OpenRC are used."""

    name: str = optional("str", "The service; it must be given here or by module_defaults.")
    state: Optional[str] = optional("str", "What it shall do.", choices=("reloaded", "restarted", "started", "stopped"))
    enabled: Optional[bool] = optional("bool", "Whether it starts at boot.")
    pattern: Optional[str] = optional("str", "Text in the process list that shows it runs, where status cannot tell.")
    sleep: Optional[int] = optional("int", "Seconds between stop and start of a restart.")
    runlevel: str = optional("str", "OpenRC's runlevel.", "default")
    arguments: str = optional("str", "More words for the init script.", "", aliases=("args",))
    use: str = optional("str", "Which service manager to use.", "auto")
    daemon_reload: Any = optional("bool", "With systemd only, as there.", aliases=("daemon-reload",))
    daemon_reexec: Any = optional("bool", "With systemd only, as there.", aliases=("daemon-reexec",))
    masked: Any = optional("bool", "With systemd only, as there.")
    force: Any = optional("bool", "With systemd only, as there.")
    no_block: Any = optional("bool", "With systemd only, as there.")
    scope: Any = optional("str", "With systemd only, as there.", choices=("system", "user", "global"))
    _defaults: Any = optional("dict", "What module_defaults holds for the service managers.")


class State(NamedTuple):
    """Which manager it is, and what it says."""

    manager: str
    wanted: Any
    unit: UnitState
    there: bool = True
    running: bool = False
    enabled: bool = False


def inspect(params: Params, system: System) -> State:
    """Ask systemd where it is process 1, else OpenRC or the init script."""
    if params.use in SYSTEMD or (params.use == "auto" and in_charge(system)):
        unit = _wanted(_completed(params, "systemd"))
        return State("systemd", unit, look(unit, system))
    params = _completed(params, "sysvinit")
    if params.state is None and params.enabled is None:
        raise Failed("one of the following is required: state, enabled")
    if params.use not in ("auto", "service", "sysvinit", "openrc", "ansible.builtin.service"):
        raise Failed("there is no support for the service manager '%s'" % params.use)
    openrc = system.files.exists("/sbin/openrc-run") and system.files.exists("/sbin/rc-service")
    manager = "openrc" if openrc else "sysvinit"
    there = system.files.exists("/etc/init.d/" + params.name)
    if not there:
        return State(manager, params, NOTHING, False)
    status = _start(params, system, manager, "status")
    running = _is_running(params, system, status.rc, status.out)
    enabled = _openrc_enabled(params, system) if openrc else starts_at_boot(system, params.name)
    return State(manager, params, NOTHING, True, running, enabled)


def _completed(params: Params, manager: str) -> Params:
    """Return the parameters with the defaults for the service manager filled in."""
    defaults = (params._defaults or {}).get(manager) or {}
    if defaults:
        names = Params.names()
        more = {key: value for key, value in defaults.items() if key in names and names[key] not in params.given}
        given = {name.rstrip("_"): getattr(params, name) for name in params.given}
        params = Params.parse(dict(more, **given))
    if not params.name:
        raise Failed("missing required arguments: name")
    return params


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if state.manager == "systemd":
        return decide(state.wanted, state.unit)
    params = state.wanted
    if not state.there:
        raise Failed("Could not find the requested service %s: host" % params.name)
    result: Dict[str, Any] = {"name": params.name}
    steps = []
    if params.enabled is not None:
        result["enabled"] = params.enabled
        if params.enabled != state.enabled:
            steps.append("enable" if params.enabled else "disable")
    if params.state is not None:
        result["state"] = params.state if params.state == "stopped" else "started"
        wanted = params.state != "stopped"
        if params.state in ("restarted", "reloaded"):
            steps.append(ACTIONS[params.state] if state.running else "start")
        elif wanted != state.running:
            steps.append("start" if wanted else "stop")
    settles = params.state not in ("restarted", "reloaded")
    return Change(bool(steps), steps, result=result, settles=settles)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the calls."""
    params, manager = change.state.wanted, change.state.manager
    if manager == "systemd":
        return carry_out(params, change, system)
    for step in change.todo:
        if step in ("enable", "disable"):
            _enable(params, system, manager, step == "enable")
        elif step == "restart" and params.sleep:
            _must(params, system, manager, "stop")
            time.sleep(params.sleep)
            _must(params, system, manager, "start")
        else:
            _must(params, system, manager, step)
    return None


def _wanted(params: Params) -> Wanted:
    return Wanted(
        params.name,
        params.state,
        params.enabled,
        params.masked,
        params.scope or "system",
        bool(params.daemon_reload),
        bool(params.daemon_reexec),
        bool(params.force),
        bool(params.no_block),
    )


def _start(params: Params, system: System, manager: str, action: str) -> Any:
    more = params.arguments.split()
    program = "rc-service" if manager == "openrc" else "service"
    if system.commands.which(program) is None:
        return system.commands.run(["/etc/init.d/" + params.name, action, *more], env=PLAIN)
    return system.commands.run([program, params.name, action, *more], env=PLAIN)


def _must(params: Params, system: System, manager: str, action: str) -> None:
    done = _start(params, system, manager, action)
    if done.rc != 0:
        said = (done.err or done.out).strip()
        raise Failed("Unable to %s service %s: %s" % (action, params.name, said), rc=done.rc)


def _is_running(params: Params, system: System, code: int, said: str) -> bool:
    if params.pattern:
        return params.pattern in system.commands.run(["ps", "auxww"], env=PLAIN).out
    if code in (0, 1, 2, 3, 4, 69):
        words = said.lower()
        stopped = re.search(r"\b(stopped|not running|inactive|dead|unused|crashed)\b", words)
        return code == 0 and not stopped
    return False


def _openrc_enabled(params: Params, system: System) -> bool:
    for line in system.commands.run(["rc-update", "show"], env=PLAIN).out.splitlines():
        name, _, levels = line.partition("|")
        if name.strip() == params.name:
            return params.runlevel in levels.split()
    return False


def _enable(params: Params, system: System, manager: str, wanted: bool) -> None:
    if manager == "openrc":
        calls: List[List[str]] = [["rc-update", "add" if wanted else "delete", params.name, params.runlevel]]
    elif system.commands.which("update-rc.d"):
        calls = [["update-rc.d", params.name, "defaults"]]
        calls.append(["update-rc.d", params.name, "enable" if wanted else "disable"])
    elif system.commands.which("chkconfig"):
        calls = [["chkconfig", params.name, "on" if wanted else "off"]]
    else:
        raise Failed("no tool to enable services is on this host: update-rc.d, chkconfig or rc-update")
    for call in calls:
        done = system.commands.run(call, env=PLAIN)
        if done.rc != 0:
            said = (done.err or done.out).strip()
            raise Failed("Unable to %s service %s: %s" % ("enable" if wanted else "disable", params.name, said))


RETURNS = """
name: The name as given.
status: All that systemd says of the unit.
state: What is there now, or what was asked for.
enabled: Whether it starts at boot.
"""

EXAMPLES = """
- name: Running now and after every boot
  service:
    name: ssh
    state: started
    enabled: true
- name: Take the new configuration
  service:
    name: nginx
    state: reloaded
"""
