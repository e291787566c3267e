"""Undoes a change on the host by itself unless it is confirmed in time; what ``guard:`` of a block is made of.

``arm`` leaves a process on the host that carries out the undoing steps when the time is over, whatever became of the
worker, the connection and the controller. ``confirm`` calls it off, ``undo`` carries the steps out at once. It does not
survive a reboot.
"""

import fcntl
import importlib
import json
import os
import pwd
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
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


class State(NamedTuple):
    """What the guard's file says: ``armed``, ``confirmed``, ``undone``, or nothing where there is none."""

    state: str
    at: float
    results: List[Dict[str, Any]]


def inspect(params: Params, system: System) -> State:
    """Read the guard's file."""
    told = _read(_path(params.id))
    return State(told.get("state", ""), told.get("at", 0.0), told.get("results", []))


def plan(params: Params, state: State) -> Change:
    """Say what will be done; a guard that went off cannot be confirmed."""
    if params.do in ("status", "reach"):
        return Change(False, result={"state": state.state or "absent", "at": state.at, "results": state.results})
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
        return _confirm(params)
    return _settle(_path(params.id), params.steps or [], system)


def _arm(params: Params, system: System) -> Dict[str, Any]:
    path = _path(params.id)
    _locked(path, lambda _told: {"state": "armed", "at": time.time(), "by": os.getpid()})
    if not os.fork():
        try:
            os.setsid()
            if not os.fork():
                _wait(path, params, system)
        finally:
            os._exit(0)
    os.wait()
    return {"state": "armed", "seconds": params.seconds}


def _wait(path: str, params: Params, system: System) -> None:
    """Be the process that stays: look whether it is called off, and undo when the time is over."""
    _let_go()
    mine = _read(path)
    deadline = time.monotonic() + params.seconds
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        if _read(path) != mine:
            return  # confirmed, undone, or armed anew by another
    _settle(path, params.steps or [], system)


def _let_go() -> None:
    """Keep nothing of the worker open."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                continue


def _confirm(params: Params) -> Dict[str, Any]:
    told = _locked(_path(params.id), lambda t: dict(t, state="confirmed") if t.get("state") == "armed" else t)
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
    finally:
        os.close(descriptor)
    return told


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
