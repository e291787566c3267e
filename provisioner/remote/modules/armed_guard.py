"""Undoes a change on the host by itself unless it is confirmed in time; what ``guard:`` of a block is made of.

``arm`` leaves a process on the host that carries out the undoing steps when the time is over, whatever became of the
worker, the connection and the controller; root's has a timer of systemd beside it, where there is systemd. ``confirm``
calls it off, ``undo`` carries the steps out at once. It survives a reboot of the host where ``survive_reboot`` says so.
"""

import fcntl
import importlib
import json
import os
import pwd
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from .. import guard_boot, guard_timer
from ..change import Change, Failed, Traits
from ..detaching import let_go
from ..oplog import boot_id
from ..params import Parameters, optional, required
from ..runner import Mode, run_module
from ..system import System

TRAITS = Traits(predictable="no", rerun=True, settles=False)
FOLDER = ".provisioner"
LOOK_S = 0.2
PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")


class Params(Parameters):
    """What to do with which guard."""

    do = required(
        "str",
        "``arm``, ``confirm``, ``undo``, ``status`` (says what became of it), or ``reach`` (connect anew, which the "
        "controller does).",
        choices=("arm", "confirm", "undo", "status", "reach"),
    )
    id = required("str", "The guard's name: the same in all three.")
    seconds = optional("float", "When to undo, for ``arm``.", 60.0)
    steps = optional("list", "What undoes it: module and params each.", elements="dict")
    survive_reboot = optional(
        "bool",
        "The host undoes it also when it is booted meanwhile; needs root and systemd, and keeps the steps on its disk, "
        "for root alone, until the guard is over.",
        False,
    )  # fmt: skip
    may_do_without: bool = optional(
        "bool", "Arm it also where it cannot survive a reboot though that is asked for; the result says so.", False
    )


class State(NamedTuple):
    """What the guard's file says: ``armed``, ``confirmed``, ``undone``, or nothing where there is none.

    ``remaining`` are the seconds until an armed one undoes its change.
    """

    state: str
    at: float
    results: List[Dict[str, Any]]
    remaining: float = 0.0
    survives: bool = False


def inspect(params: Params, system: System) -> State:
    """Read the guard's file."""
    path = _path(params.id)
    told = _read(path)
    results, remaining = told.get("results", []), round(_remaining(told), 1)
    return State(told.get("state", ""), told.get("at", 0.0), results, remaining, guard_boot.is_kept(path))


def plan(params: Params, state: State) -> Change:
    """Say what will be done; a guard that went off cannot be confirmed."""
    if params.do in ("status", "reach"):
        told: Dict[str, Any] = {"state": state.state or "absent", "at": state.at, "results": state.results}
        return Change(False, result=dict(told, remaining=state.remaining, survives_reboot=state.survives))
    if params.do == "confirm" and state.state == "undone":
        return Change(True)
    if params.do == "undo" and state.state == "undone":
        return Change(False, result={"state": "undone", "results": state.results})
    return Change(True)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Arm, confirm or undo."""
    params = change.params
    if params.do == "arm":
        return _arm(params, system)
    if params.do == "confirm":
        return _confirm(params, system)
    return _settle(_path(params.id), params.steps or [], system)


def _arm(params: Params, system: System) -> Dict[str, Any]:
    path, steps = _path(params.id), params.steps or []
    guard_boot.forget(path)  # of an earlier guard of that name
    why_not = guard_boot.why_impossible() if params.survive_reboot else ""
    if why_not and not params.may_do_without:
        raise Failed(why_not)
    survives = params.survive_reboot and not why_not
    if survives:
        guard_boot.keep(path, steps)
    timer = guard_timer.start(path, steps, params.seconds, system)
    begin = {"deadline": time.monotonic() + params.seconds, "boot": boot_id(), "seconds": params.seconds}
    _locked(path, lambda _told: dict(begin, state="armed", at=time.time(), by=os.getpid()))
    if not os.fork():
        try:
            os.setsid()
            if not os.fork():
                let_go()
                _wait(path, steps, system)
        finally:
            os._exit(0)
    os.wait()
    return {"state": "armed", "seconds": params.seconds, "timer": timer, "survives_reboot": survives}


def _wait(path: str, steps: List[Dict[str, Any]], system: System) -> None:
    """Be the process that stays: look whether it is called off, and undo when the time is over."""
    mine = _read(path)
    if mine.get("state") != "armed":
        return
    deadline = time.monotonic() + _remaining(mine)
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        if _read(path) != mine:
            return  # confirmed, undone, or armed anew by another
    _settle(path, steps, system)


def after_boot(path: str, folder: str) -> None:
    """Be the unit that a boot or a timer starts: undo what is still armed when its time is over, and be gone."""
    if _read(path).get("state") == "armed":
        _wait(path, guard_boot.steps_in(folder), System())
    if _read(path).get("state") != "armed":
        _forget(path, System())


def _forget(path: str, system: System) -> None:
    guard_boot.forget(path)
    guard_timer.stop(path, system)


def _remaining(told: Dict[str, Any]) -> float:
    """Return how many seconds an armed guard has left; after a boot the clock on the wall says so, as far as it can."""
    if told.get("state") != "armed":
        return 0.0
    seconds: float = told.get("seconds", 0.0)
    is_same_boot = told.get("boot") == boot_id()
    left: float = told.get("deadline", 0.0) - time.monotonic() if is_same_boot else told["at"] + seconds - time.time()
    return min(max(0.0, left), seconds)


def _confirm(params: Params, system: System) -> Dict[str, Any]:
    path = _path(params.id)
    told = _locked(path, lambda t: dict(t, state="confirmed") if t.get("state") == "armed" else t)
    _forget(path, system)
    if told.get("state") == "confirmed":
        return {"state": "confirmed"}
    if told.get("state") == "undone":
        when = time.strftime("%H:%M:%S", time.localtime(told.get("at", 0.0)))
        raise Failed("not confirmed in time: the host undid it at %s" % when, results=told.get("results", []))
    raise Failed("there is no guard %s on this host: it was never armed" % params.id)


def _settle(path: str, steps: List[Dict[str, Any]], system: System) -> Dict[str, Any]:
    """Carry the steps out, once, whoever comes first."""
    results: List[Dict[str, Any]] = []

    def undo(told: Dict[str, Any]) -> Dict[str, Any]:
        if told.get("state") in ("confirmed", "undone"):
            return told
        for step in steps:
            module = importlib.import_module("." + step["module"], __package__)
            result = run_module(module, step.get("params") or {}, Mode(), system)
            kept: Dict[str, Any] = {name: result[name] for name in ("changed", "failed", "msg", "rc") if name in result}
            results.append(dict(kept, module=step["module"]))
        return {"state": "undone", "at": time.time(), "results": results}

    told = _locked(path, undo)
    _forget(path, system)
    failed = [each for each in told.get("results", []) if each.get("failed")]
    if failed:
        raise Failed("what was to undo it failed: %s" % failed[0].get("msg", ""), results=told["results"])
    return {"state": told.get("state", ""), "results": told.get("results", [])}


def _path(name: str) -> str:
    if not PLAIN.match(name):
        raise Failed("'%s' is no name of a guard" % name)
    folder = os.path.join(pwd.getpwuid(os.geteuid()).pw_dir, FOLDER)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    return os.path.join(folder, "guard-" + name)


def _read(path: str) -> Dict[str, Any]:
    try:
        with open(path) as stream:
            told: Dict[str, Any] = json.load(stream)
    except (OSError, ValueError):
        return {}
    return told


def _locked(path: str, act: Any) -> Dict[str, Any]:
    """Let ``act`` turn what the guard's file says into what it says next, alone; return that."""
    descriptor = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        told: Dict[str, Any] = act(_read(path))
        beside = path + ".new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(beside, flags, 0o600), "w") as stream:
            json.dump(told, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(beside, path)
        _sync_folder(os.path.dirname(path))  # what is confirmed must not be armed again after a power failure
    finally:
        os.close(descriptor)
    return told


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


RETURNS = """
state: What became of the guard, "armed, confirmed, undone, or absent where there is none".
at: When it was armed or undone, in seconds since the epoch.
remaining: The seconds until an armed guard undoes its change.
survives_reboot: Whether it would also do so after a reboot.
timer: The timer of systemd that does it, too, as ``systemctl list-timers`` shows it; empty where there is none.
results: What came of each undoing step.
"""

EXAMPLES = """
- name: Open a port, and close it again unless that is confirmed
  armed_guard:
    do: arm
    id: firewall
    seconds: 60
    steps:
      - module: command
        params:
          argv: [nft, -f, /etc/nftables.conf]
"""
