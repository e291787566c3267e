"""What systemd and service share: which systemctl calls lead from a unit's state to the one wanted."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .change import Change, Failed
from .system import System
from .system.systemctl import OFFLINE, Systemctl, full_name

ACTIONS = {"started": "start", "stopped": "stop", "restarted": "restart", "reloaded": "reload"}
ALIVE = ("active", "activating", "reloading", "refreshing")


class Wanted(NamedTuple):
    """A unit and the state it shall have."""

    name: Optional[str]
    state: Optional[str] = None
    enabled: Optional[bool] = None
    masked: Optional[bool] = None
    scope: str = "system"
    daemon_reload: bool = False
    daemon_reexec: bool = False
    force: bool = False
    no_block: bool = False


class UnitState(NamedTuple):
    """What systemd says about the unit."""

    status: Dict[str, str]
    enabled: bool


NOTHING = UnitState({}, False)


def look(wanted: Wanted, system: System) -> UnitState:
    """Ask once about the unit."""
    if not wanted.name:
        return NOTHING
    systemctl = Systemctl(system, wanted.scope)
    unit = full_name(wanted.name)
    status = systemctl.show(unit)
    enabled = systemctl.is_enabled(status, unit) if wanted.enabled is not None else False
    return UnitState(status, enabled)


def decide(wanted: Wanted, found: UnitState) -> Change:
    """Return the calls to make. Reloading systemd itself is never counted as a change, as in Ansible."""
    result: Dict[str, Any] = {"name": wanted.name, "status": dict(found.status)}
    if OFFLINE in found.status:
        result.update(status={}, warnings=["systemd is offline or this is a chroot: units can be enabled, not started"])
    if wanted.enabled is not None:
        result["enabled"] = wanted.enabled
    if wanted.state is not None:
        result["state"] = "stopped" if wanted.state == "stopped" else "started"
    first = [("daemon-reexec",)] if wanted.daemon_reexec else []
    first += [("daemon-reload",)] if wanted.daemon_reload else []
    if first and _is_missing(wanted, found):
        return Change(True, [*first], result=result, settles=False)
    steps = _steps(wanted, found)
    if first and not steps:
        return Change(True, first, result=dict(result, changed=False), settles=False)
    if not steps:
        return Change(False, result=result)
    return Change(True, first + steps, result=result, settles=_settles(wanted))


def _settles(wanted: Wanted) -> bool:
    """What was started may rightly have ended again; whether it failed is asked after the start."""
    passing = wanted.state in ("started", "restarted", "reloaded")
    return not (passing or wanted.no_block or wanted.daemon_reload or wanted.scope == "global")


def _is_missing(wanted: Wanted, found: UnitState) -> bool:
    return (
        bool(wanted.name) and OFFLINE not in found.status and found.status.get("LoadState", "not-found") == "not-found"
    )


def _steps(wanted: Wanted, found: UnitState) -> List[Tuple[str, ...]]:
    if not wanted.name or (wanted.state is None and wanted.enabled is None and wanted.masked is None):
        return []
    if _is_missing(wanted, found) and wanted.masked is None:
        problem = found.status.get("_problem")
        why = ": %s" % problem if problem else ""
        raise Failed("Could not find the requested service %s: host%s" % (wanted.name, why), name=wanted.name)
    unit = full_name(wanted.name)
    force = ("--force",) if wanted.force else ()
    steps: List[Tuple[str, ...]] = [(verb, *force, unit) for verb in _file_changes(wanted, found)]
    action = _action(wanted, found)
    if action:
        block = ("--no-block",) if wanted.no_block else ()
        steps.append((action, *block, unit))
    return steps


def _file_changes(wanted: Wanted, found: UnitState) -> List[str]:
    """Return what to do about the unit's links; a static unit has nothing to disable."""
    verbs = []
    if wanted.masked is not None and wanted.masked != (found.status.get("LoadState") == "masked"):
        verbs.append("mask" if wanted.masked else "unmask")
    static = found.status.get("UnitFileState") == "static"
    if wanted.enabled is not None and wanted.enabled != found.enabled and (wanted.enabled or not static):
        verbs.append("enable" if wanted.enabled else "disable")
    return verbs


def _action(wanted: Wanted, found: UnitState) -> str:
    if wanted.state is None or OFFLINE in found.status:
        return ""
    active = found.status.get("ActiveState", "")
    running = active in ALIVE
    if wanted.state == "started":
        return "" if running else "start"
    if wanted.state == "stopped":
        return "stop" if running or active == "deactivating" else ""
    return ACTIONS[wanted.state] if running else "start"


def carry_out(wanted: Wanted, change: Change, system: System) -> Dict[str, Any]:
    """Make the calls; after systemd read its units anew, decide again with what it now knows."""
    systemctl = Systemctl(system, wanted.scope)
    done_first = False
    for words in change.todo:
        if words[0] in ("daemon-reload", "daemon-reexec"):
            _call(systemctl, words, wanted)
            done_first = True
    if done_first:
        again = decide(wanted._replace(daemon_reload=False, daemon_reexec=False), look(wanted, system))
        result, steps = dict(again.result, changed=bool(again.todo)), again.todo
    else:
        result, steps = {}, change.todo
    for words in steps:
        _call(systemctl, words, wanted)
    if wanted.name and not wanted.no_block and any(words[0] in ("start", "restart") for words in steps):
        _refuse_failed(systemctl, wanted)
    return result


def _refuse_failed(systemctl: Systemctl, wanted: Wanted) -> None:
    """A start can be reported as done and the program be dead already."""
    unit = full_name(wanted.name or "")
    status = systemctl.show(unit)
    if status.get("ActiveState") == "failed":
        why = status.get("Result", "unknown")
        told = "service %s was started and failed at once (%s); 'journalctl -u %s' on the host says more"
        raise Failed(told % (wanted.name, why, unit), changed=True, name=wanted.name, status=status)


def _call(systemctl: Systemctl, words: Tuple[str, ...], wanted: Wanted) -> None:
    done = systemctl.run(words)
    if done.rc != 0:
        said = (done.err or done.out).strip()
        if len(words) == 1:
            raise Failed("failure %d during %s: %s" % (done.rc, words[0], said), rc=done.rc)
        raise Failed("Unable to %s service %s: %s" % (words[0], wanted.name, said), rc=done.rc, name=wanted.name)
