"""Manage packages, patterns and patches of SUSE Linux.

The programs zypper and rpm do the work. Tested with zypper 1.14 and packages made for it on Debian, where it cannot
remove any: that only against recorded answers, and nothing of it on SUSE Linux.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..dnf import compare
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(reach="others", locks=("zypper",))
STATES = {"installed": "present", "removed": "absent"}
FINE = (0, 102, 103, 106)
KINDS = ("application", "package", "patch", "pattern", "product", "srcpackage")


class Params(Parameters):
    """The packages."""

    name: List[str] = required(
        "list", "Packages, files or URLs; - or + before one overrides state.", elements="str", aliases=("pkg",)
    )
    state: str = optional(
        "str",
        "What is wanted.",
        "present",
        choices=("absent", "dist-upgrade", "installed", "latest", "present", "removed"),
        aliases=("ensure",),
    )
    type: str = optional("str", "What is named.", "package", choices=KINDS)
    disable_gpg_check: bool = optional("bool", "Do not look at signatures.", False)
    disable_recommends: bool = optional("bool", "Leave out what is only recommended.", True)
    force: bool = optional("bool", "Install even where older or of another vendor.", False)
    force_resolution: bool = optional("bool", "Let zypper find a solution.", False)
    update_cache: bool = optional("bool", "Fetch the lists first.", False, aliases=("refresh",))
    oldpackage: bool = optional("bool", "Allow an older version.", False)
    extra_args: Optional[str] = optional("str", "More arguments for the command.")
    extra_args_precommand: Optional[str] = optional("str", "More arguments before the command.")
    allow_vendor_change: bool = optional("bool", "For dist-upgrade.", False)
    quiet: bool = optional("bool", "Let zypper say little.", True)
    simple_errors: bool = optional("bool", "Accepted; what zypper says is returned whole.", False)
    skip_post_errors: bool = optional("bool", "Do not mind scripts that fail after an installation.", False)
    replacefiles: bool = optional("bool", "Install in spite of files in the way.", False)
    clean_deps: bool = optional("bool", "Remove what nothing needs any more.", False)


class State(NamedTuple):
    """Names installed with their versions, and those for which there is something newer."""

    installed: Dict[str, str]
    outdated: Tuple[str, ...]


class Wish(NamedTuple):
    """One thing named: what, which version, and whether it shall be there."""

    written: str
    name: str
    version: str
    wanted: bool


def _wishes(params: Params) -> List[Wish]:
    absent = STATES.get(params.state, params.state) == "absent"
    found = []
    for each in params.name:
        sign, rest = (each[0], each[1:]) if each[:1] in "+-~!" else ("", each)
        wanted = not absent if not sign else sign == "+"
        match = re.match(r"^(.*?)([<>=]+)(.*)$", rest)
        name, version = (match.group(1), match.group(2) + match.group(3)) if match and "://" not in rest else (rest, "")
        found.append(Wish(rest, name, version, wanted))
    return found


def inspect(params: Params, system: System) -> State:
    """Ask rpm, or zypper where it is no package."""
    names = [wish.name for wish in _wishes(params)]
    installed = {} if names == ["*"] else _installed(params, system, names)
    outdated: Tuple[str, ...] = ()
    if params.state in ("latest", "dist-upgrade"):
        listed = _zypper(params, system, ["list-updates"], fails=False).out.splitlines()
        cells = [[cell.strip() for cell in line.split("|")] for line in listed]
        outdated = tuple(row[2] for row in cells if len(row) > 4 and row[0] == "v")
    return State(installed, outdated)


def _installed(params: Params, system: System, names: List[str]) -> Dict[str, str]:
    """Return what is installed of these, packages with their versions."""
    found: Dict[str, str] = {}
    if params.type == "package":
        form = "%{NAME} %{VERSION}-%{RELEASE}\n"
        for each in names:
            done = system.commands.run(["rpm", "-q", "--whatprovides", "--qf", form, each], env=PLAIN)
            if done.rc == 0 and done.out.split():
                found[each] = done.out.split()[-1]
        return found
    done = _zypper(params, system, ["search", "-i", "-t", params.type, "--match-exact", *names], fails=False)
    for line in done.out.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and cells[0].startswith("i"):
            found[cells[1]] = ""
    return found


def _zypper(params: Params, system: System, words: List[str], fails: bool = True) -> Any:
    first = ["zypper", *(["--quiet"] if params.quiet else []), "--non-interactive"]
    first += ["--no-gpg-checks"] if params.disable_gpg_check else []
    first += (params.extra_args_precommand or "").split()
    done = system.commands.run([*first, *words], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable zypper")
    if fails and done.rc not in (*FINE, 107 if params.skip_post_errors else 0):
        raise Failed(
            "Zypper run command failed with return code %d." % done.rc, rc=done.rc, stdout=done.out, stderr=done.err
        )
    return done


def plan(params: Params, state: State) -> Change:
    """Compare."""
    wishes = _wishes(params)
    result: Dict[str, Any] = {"name": params.name, "state": params.state, "update_cache": params.update_cache}
    everything = [wish.name for wish in wishes] == ["*"]
    todo = _todo(params, state, wishes, everything)
    changed = bool(todo["install"] or todo["remove"] or todo["all"])
    diff = {
        "before": "".join(each + "\n" for each in todo["remove"]),
        "after": "".join(each + "\n" for each in todo["install"]),
    }
    by_url = any("://" in wish.written or wish.written.endswith(".rpm") for wish in wishes)
    return Change(changed, todo, result, diff, settles=not everything and not by_url)


def _todo(params: Params, state: State, wishes: List[Wish], everything: bool) -> Dict[str, Any]:
    todo: Dict[str, Any] = {"install": [], "remove": [], "all": False}
    if everything:
        if params.state not in ("latest", "dist-upgrade"):
            raise Failed("name: '*' goes with state latest or dist-upgrade")
        todo["all"] = bool(state.outdated)
        return todo
    for wish in wishes:
        there = wish.name in state.installed
        outdated = params.state == "latest" and wish.name in state.outdated
        if wish.wanted and (not there or outdated or not _has(wish, state)):
            todo["install"].append(wish.written)
        elif not wish.wanted and there:
            todo["remove"].append(wish.name)
    return todo


def _has(wish: Wish, state: State) -> bool:
    match = re.match(r"^([<>=]+)(.*)$", wish.version)
    if not match:
        return True
    operator, version = match.group(1), match.group(2).strip()
    known = state.installed.get(wish.name, "")
    order = compare(known if "-" in version else known.rpartition("-")[0], version)
    return (order == 0 and "=" in operator) or (order > 0 and ">" in operator) or (order < 0 and "<" in operator)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Fetch the lists, install, remove or upgrade."""
    params, todo = change.params, change.todo
    if params.update_cache:
        _zypper(params, system, ["refresh"])
    out, more, extra = "", _installing(params), (params.extra_args or "").split()
    if todo["all"]:
        vendor = ["--allow-vendor-change"] if params.allow_vendor_change else []
        verb = ["dist-upgrade", *vendor] if params.state == "dist-upgrade" else ["update"]
        out += _zypper(params, system, [*verb, "--auto-agree-with-licenses", *extra]).out
    if todo["remove"]:
        clean = ["--clean-deps"] if params.clean_deps else []
        out += _zypper(params, system, ["remove", "--type", params.type, *clean, *extra, *todo["remove"]]).out
    if todo["install"]:
        out += _zypper(params, system, ["install", "--type", params.type, *more, *extra, "--", *todo["install"]]).out
    return {"stdout": out, "rc": 0}


def _installing(params: Params) -> List[str]:
    """Return the options of an installation; who names a version may mean an older one."""
    more = ["--auto-agree-with-licenses"]
    more += ["--no-recommends"] if params.disable_recommends and params.type == "package" else []
    more += ["--force"] if params.force else []
    more += ["--force-resolution"] if params.force_resolution else []
    more += ["--oldpackage"] if params.oldpackage or any(wish.version for wish in _wishes(params)) else []
    return more + (["--replacefiles"] if params.replacefiles else [])


RETURNS = """
name: The packages.
state: What was asked for.
update_cache: Whether the lists were made new.
rc: Exit code of the program.
stdout: What the program wrote.
stderr: What the program wrote as errors.
"""

EXAMPLES = """
- name: A web server
  zypper:
    name: nginx
    state: present
"""
