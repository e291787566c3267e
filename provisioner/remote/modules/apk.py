"""Manage packages of Alpine Linux.

The program apk does the work. Tested against its recorded answers, not on Alpine Linux.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required_one_of
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(reach="others", locks=("apk",))
STATES = {"installed": "present", "removed": "absent"}


class Params(Parameters):
    """The packages."""

    name: Optional[List[str]] = optional("list", "Packages; a version may follow after =, < or >.", elements="str")
    state: str = optional(
        "str", "What is wanted.", "present", choices=("absent", "installed", "latest", "present", "removed")
    )
    available: bool = optional("bool", "On upgrade take what the repositories have, even if older.", False)
    no_cache: bool = optional("bool", "Keep nothing that is fetched.", False)
    repository: Optional[List[str]] = optional("list", "Repositories for this task only.", elements="str")
    update_cache: bool = optional("bool", "Fetch the lists first.", False)
    upgrade: bool = optional("bool", "Upgrade every package.", False)
    world: str = optional("str", "The file that lists what was asked for.", "/etc/apk/world")
    rules = (required_one_of("name", "update_cache", "upgrade"), mutually_exclusive("name", "upgrade"))


class State(NamedTuple):
    """Which of the packages are installed, and which of them (or of all) could be newer."""

    installed: Tuple[str, ...]
    outdated: Tuple[str, ...]


def inspect(params: Params, system: System) -> State:
    """Ask apk."""
    names = params.name or []
    installed = tuple(each for each in names if _apk(params, system, ["info", "-e", each], fails=False).rc == 0)
    outdated: Tuple[str, ...] = ()
    if params.state == "latest" or params.upgrade:
        told = _apk(params, system, ["version", "-l", "<"], fails=False)
        found = [re.match(r"^(.+)-\d[^\s-]*(?:-r\d+)?\s+<", line) for line in told.out.splitlines()]
        outdated = tuple(match.group(1) for match in found if match)
    return State(installed, outdated)


def _apk(params: Params, system: System, words: List[str], fails: bool = True) -> Any:
    more = ["--no-cache"] if params.no_cache else []
    for each in params.repository or []:
        more += ["--repository", each]
    done = system.commands.run(["apk", *more, *words], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable apk")
    if fails and done.rc != 0:
        raise Failed("apk failed: %s" % (done.err or done.out).strip(), rc=done.rc, stdout=done.out, stderr=done.err)
    return done


def _bare(name: str) -> str:
    return re.split("[=<>~@]", name)[0]


def plan(params: Params, state: State) -> Change:
    """Compare."""
    wanted = STATES.get(params.state, params.state)
    names = params.name or []
    if wanted == "absent":
        todo = [each for each in names if each in state.installed]
    else:
        todo = [each for each in names if each not in state.installed]
        todo += [each for each in names if wanted == "latest" and _bare(each) in state.outdated and each not in todo]
    upgrades = list(state.outdated) if params.upgrade else []
    result = {"packages": todo + upgrades, "stdout": "", "stderr": ""}
    words = "%s package(s)" % ("removed" if wanted == "absent" else "installed")
    result["msg"] = "%s %s" % (words, " ".join(todo)) if todo else "package(s) already %s" % words.partition(" ")[0]
    changed = bool(todo or upgrades or params.update_cache)
    diff = {
        "before": "" if wanted != "absent" else "\n".join(todo),
        "after": "\n".join(todo + upgrades) if wanted != "absent" else "",
    }
    return Change(
        changed,
        {"names": todo, "verb": wanted, "upgrade": bool(upgrades)},
        result,
        diff,
        settles=not params.update_cache and not params.upgrade,
    )


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Fetch the lists, upgrade, install or remove."""
    params, names, verb = change.params, change.todo["names"], change.todo["verb"]
    out = ""
    if params.update_cache:
        out += _apk(params, system, ["update"]).out
    if change.todo["upgrade"]:
        out += _apk(params, system, ["upgrade", *(["--available"] if params.available else [])]).out
    if names and verb == "absent":
        out += _apk(params, system, ["del", "--purge", *names]).out
    elif names:
        out += _apk(params, system, ["add", *(["--upgrade"] if verb == "latest" else []), *names]).out
    return {"stdout": out}


RETURNS = """
packages: Packages that were installed, upgraded or removed.
rc: Exit code of the program.
stdout: What the program wrote.
stderr: What the program wrote as errors.
"""

EXAMPLES = """
- name: A web server
  apk:
    name: nginx
    update_cache: true
"""
