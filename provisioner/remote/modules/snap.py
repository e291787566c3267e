"""Manage snaps.

The program snap does the work. Tested against its recorded answers, not with a running snapd: the lab's hosts
cannot mount what it installs.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(reach="others", locks=("snap",), settles=False)


class Params(Parameters):
    """The snaps."""

    name: List[str] = required("list", "The snaps, or files of them.", elements="str")
    state: str = optional("str", "What is wanted.", "present", choices=("absent", "disabled", "enabled", "present"))
    classic: bool = optional("bool", "Install without confinement.", False)
    channel: Optional[str] = optional("str", "Where it comes from; stable for new ones.")
    options: Optional[List[str]] = optional("list", "Settings as key=value, or snap:key=value.", elements="str")
    dangerous: bool = optional("bool", "Install a file without a signature.", False)


class Snap(NamedTuple):
    """One installed snap."""

    channel: str
    disabled: bool


class State(NamedTuple):
    """The snaps installed, the settings asked about with their values, the versions of what snap is made of."""

    snaps: Dict[str, Snap]
    settings: Dict[str, str]
    version: Dict[str, str]


def inspect(params: Params, system: System) -> State:
    """Ask snap."""
    done = _snap(system, ["list"], fails=False)
    snaps = {}
    for line in done.out.splitlines()[1:]:
        words = line.split()
        if len(words) >= 6:
            snaps[words[0]] = Snap(words[3], "disabled" in words[5].split(","))
    settings = {}
    for name, key, _ in _settings(params):
        told = _snap(system, ["get", name, key], fails=False)
        settings["%s:%s" % (name, key)] = told.out.strip() if told.rc == 0 else ""
    parts = (line.split() for line in _snap(system, ["version"], fails=False).out.splitlines())
    return State(snaps, settings, {words[0]: words[1] for words in parts if len(words) == 2})


def _settings(params: Params) -> List[Any]:
    found = []
    for each in params.options or []:
        key, equals, value = each.partition("=")
        if not equals:
            raise Failed("options: %s is not like key=value" % each)
        name, colon, rest = key.partition(":")
        if not colon and len(params.name) > 1:
            raise Failed("options: %s does not say of which snap" % each)
        found.append((name, rest, value) if colon else (params.name[0], key, value))
    return found


def _snap(system: System, words: List[str], fails: bool = True) -> Any:
    done = system.commands.run(["snap", *words], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable snap; install the package snapd")
    if fails and done.rc != 0:
        raise Failed("snap %s failed: %s" % (words[0], (done.err or done.out).strip()), rc=done.rc)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare snap by snap."""
    todo: List[List[str]] = []
    names = []
    other: List[Any] = []
    for each in params.name:
        step = _step(params, each, state.snaps.get(each))
        if step:
            todo.append(step)
            names.append(each)
    if params.state == "present":
        other = [(n, k, v) for n, k, v in _settings(params) if state.settings["%s:%s" % (n, k)] != v]
        todo += [["set", name, "%s=%s" % (key, value)] for name, key, value in other]
    key = {"present": "snaps_installed", "absent": "snaps_removed"}.get(params.state, "snaps_%s" % params.state)
    result: Dict[str, Any] = {"classic": params.classic, "channel": params.channel, "cmd": "", key: names}
    result["version"] = state.version
    if other:
        result["options_changed"] = ["%s:%s=%s" % each for each in other]
    if not todo:
        return Change(False, result=result)
    result["cmd"] = "; ".join("snap " + " ".join(each) for each in todo)
    return Change(True, todo, result, {"before": "", "after": result["cmd"] + "\n"})


def _step(params: Params, name: str, now: Optional[Snap]) -> Optional[List[str]]:
    if params.state == "absent":
        return ["remove", name] if now else None
    if params.state in ("enabled", "disabled"):
        if now is None:
            raise Failed("snap %s is not installed" % name)
        return None if now.disabled == (params.state == "disabled") else [params.state[:-1], name]
    if now is None:
        words = ["install", name]
        words += ["--classic"] if params.classic else []
        words += ["--channel", params.channel] if params.channel else []
        return words + (["--dangerous"] if params.dangerous else [])
    if params.channel and _full(now.channel) != _full(params.channel):
        return ["refresh", name, "--channel", params.channel]
    return None


def _full(channel: str) -> str:
    return channel if "/" in channel else "latest/" + channel


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run snap for each."""
    for words in change.todo:
        _snap(system, words)
    return None


RETURNS = """
cmd: The commands that were run.
classic: Whether without confinement.
channel: The channel asked for.
snaps_installed: Snaps that were installed.
snaps_removed: Snaps that were removed.
snaps_enabled: Snaps that were switched on.
snaps_disabled: Snaps that were switched off.
options_changed: Options that are other ones now.
version: Versions of what snap is made of.
"""

EXAMPLES = """
- name: A program as a snap
  snap:
    name: certbot
    classic: true
"""
