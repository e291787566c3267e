"""Manage packages of Arch Linux.

The program pacman does the work. Tested with pacman 6.0 and packages made for it, on Debian; not on Arch Linux.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required_one_of
from ..system import System
from ..system.commands import PLAIN

FILE = re.compile(r"^(?:.*/)?([^/]+)-([^/-]+-[^/-]+)-[^/-]+\.pkg\.tar(?:\.\w+)?$")
TRAITS = Traits(reach="others", locks=("pacman",))
STATES = {"installed": "present", "removed": "absent"}


class Params(Parameters):
    """The packages."""

    name: Optional[List[str]] = optional("list", "Packages or groups.", elements="str", aliases=("package", "pkg"))
    state: str = optional(
        "str", "What is wanted.", "present", choices=("absent", "installed", "latest", "present", "removed")
    )
    force: bool = optional("bool", "Do not mind what needs it.", False)
    remove_nosave: bool = optional("bool", "Remove its configuration, too.", False)
    executable: str = optional("path", "The program.", "pacman")
    extra_args: str = optional("str", "More arguments.", "")
    update_cache: bool = optional("bool", "Fetch the lists first.", False)
    update_cache_extra_args: str = optional("str", "More arguments for that.", "")
    upgrade: bool = optional("bool", "Upgrade every package.", False)
    upgrade_extra_args: str = optional("str", "More arguments for that.", "")
    reason: Optional[str] = optional("str", "Why it is there.", choices=("explicit", "dependency"))
    reason_for: str = optional("str", "Which packages get that reason.", "new", choices=("new", "all"))
    rules = (required_one_of("name", "update_cache", "upgrade"),)


class State(NamedTuple):
    """Packages named: installed (with version); of ``latest`` which could be newer; what could be upgraded."""

    installed: Dict[str, str]
    wanted: Tuple[str, ...]
    outdated: Tuple[str, ...]


def inspect(params: Params, system: System) -> State:
    """Ask pacman; a group stands for its packages."""
    listed = _pacman(params, system, ["-Q"], fails=False)
    if listed.rc != 0 and listed.err.strip():  # it fails, too, where nothing at all is installed, and says nothing
        raise Failed("pacman failed: %s" % listed.err.strip(), rc=listed.rc, stdout=listed.out, stderr=listed.err)
    installed = dict(line.split(" ", 1) for line in listed.out.splitlines() if " " in line)
    outdated: Tuple[str, ...] = ()
    if params.upgrade or params.state == "latest":
        told = _pacman(params, system, ["-Qu"], fails=False)
        outdated = tuple(line.split()[0] for line in told.out.splitlines() if line and "[ignored]" not in line)
    wanted: List[str] = []
    for each in params.name or []:
        members = [] if each in installed else _members(params, system, each)
        wanted += [name for name in members or [each] if name not in wanted]
    return State(installed, tuple(wanted), outdated)


def _members(params: Params, system: System, each: str) -> List[str]:
    told = _pacman(params, system, ["-Sg", each], fails=False)
    return [line.split()[1] for line in told.out.splitlines() if len(line.split()) == 2 and line.split()[0] == each]


def _pacman(params: Params, system: System, words: List[str], fails: bool = True) -> Any:
    done = system.commands.run([params.executable, *words], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable pacman")
    if fails and done.rc != 0:
        raise Failed("pacman failed: %s" % (done.err or done.out).strip(), rc=done.rc, stdout=done.out, stderr=done.err)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare."""
    wanted = STATES.get(params.state, params.state)
    result: Dict[str, Any] = {"packages": [], "stdout": "", "stderr": ""}
    if params.update_cache:
        result["cache_updated"] = True
    names = _names(wanted, state)
    upgrades = list(state.outdated) if params.upgrade else []
    result["packages"] = names + upgrades
    verb = "removed" if wanted == "absent" else "installed"
    result["msg"] = "%s %d package(s)" % (verb, len(names)) if names else "package(s) already %s" % verb
    if params.upgrade:
        result["msg"] = "%s package(s) would be upgraded" % (len(upgrades) or "no")
    changed = bool(names or upgrades or params.update_cache)
    before = "".join("%s-%s\n" % (each, state.installed[each]) for each in names + upgrades if each in state.installed)
    after = "" if wanted == "absent" else "".join(each + "\n" for each in names + upgrades)
    return Change(
        changed,
        {"names": names, "remove": wanted == "absent"},
        result,
        {"before": before, "after": after},
        settles=not params.update_cache and not params.upgrade,
    )


def _names(wanted: str, state: State) -> List[str]:
    """Return what has to be installed, upgraded or removed."""
    if wanted == "absent":
        return [each for each in state.wanted if each in state.installed]
    missing = [each for each in state.wanted if not _is_there(each, state.installed)]
    return missing + [each for each in state.wanted if wanted == "latest" and each in state.outdated]


def _is_there(wish: str, installed: Dict[str, str]) -> bool:
    """Tell whether a package is installed; of a file, by the name and version that its own name has."""
    file = FILE.match(wish)
    return installed.get(file.group(1)) == file.group(2) if file else _bare(wish) in installed


def _bare(name: str) -> str:
    file = FILE.match(name)
    if file:
        return file.group(1)
    return name.rpartition("/")[2].partition("=")[0]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Fetch the lists, upgrade, install or remove."""
    params, names = change.params, change.todo["names"]
    out = ""
    if params.update_cache:
        out += _pacman(
            params, system, ["-Sy", *(["-y"] if params.force else []), *params.update_cache_extra_args.split()]
        ).out
    if params.upgrade:
        out += _pacman(params, system, ["-Su", "--noconfirm", *params.upgrade_extra_args.split()]).out
    if names and change.todo["remove"]:
        flag = "-Rn" if params.remove_nosave else "-R"
        force = ["--nodeps", "--nodeps"] if params.force else []
        out += _pacman(params, system, [flag, "--noconfirm", *force, *params.extra_args.split(), *names]).out
    elif names:
        out += _install(params, system, names)
        if params.reason:
            flag = "--asexplicit" if params.reason == "explicit" else "--asdeps"
            _pacman(params, system, ["-D", flag, *[_bare(name) for name in names]])
    return {"stdout": out}


def _install(params: Params, system: System, names: List[str]) -> str:
    """Install packages of repositories, and files."""
    out = ""
    more = ["--overwrite", "*"] if params.force else []
    more += params.extra_args.split()
    files = [each for each in names if FILE.match(each)]
    for verb, chosen in (("-S", [each for each in names if each not in files]), ("-U", files)):
        if chosen:
            out += _pacman(params, system, [verb, "--noconfirm", "--needed", *more, *chosen]).out
    return out


RETURNS = """
packages: Packages that were installed, upgraded or removed.
cache_updated: Whether the lists of packages are newer now.
rc: Exit code of the program.
stdout: What the program wrote.
stderr: What the program wrote as errors.
"""

EXAMPLES = """
- name: A web server
  pacman:
    name: nginx
    update_cache: true
"""
