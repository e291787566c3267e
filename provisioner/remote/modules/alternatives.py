"""Manage which of several programs of one purpose is used."""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("alternatives",))
FOLDERS = ("/var/lib/dpkg/alternatives", "/var/lib/alternatives")
DEFAULT_PRIORITY = 50


class Subcommand(Parameters):
    """A link that goes along with the main one."""

    name: str = required("str", "Its name.")
    path: str = required("path", "Where it leads.")
    link: str = required("path", "The link itself.")


class Params(Parameters):
    """A name such as editor and one of the programs for it."""

    name: str = required("str", "The name.")
    path: Optional[str] = optional("path", "The program.")
    link: Optional[str] = optional("path", "The link users call; needed for a new name.")
    family: Optional[str] = optional("str", "The family it belongs to, where alternatives have such.")
    priority: Optional[int] = optional("int", "What decides where nobody chose; 50 for a new program.")
    state: str = optional(
        "str",
        "Present: known; selected: chosen; auto: nobody chose; absent: unknown.",
        "selected",
        choices=("present", "selected", "absent", "auto"),
    )
    subcommands: Optional[List[Subcommand]] = optional(
        "list", "Links that go along.", elements="dict", options=Subcommand, aliases=("slaves",)
    )


class Choice(NamedTuple):
    """One program: its priority and where each link that goes along leads."""

    priority: int
    links: Dict[str, str]


class State(NamedTuple):
    """What the host knows of the name; ``link`` is empty where it knows nothing."""

    mode: str
    link: str
    links: Dict[str, str]
    choices: Dict[str, Choice]
    current: str


def inspect(params: Params, system: System) -> State:
    """Read the administration's own file and the link that is used."""
    for folder in FOLDERS:
        content = system.files.read_or_none(os.path.join(folder, params.name))
        if content is not None:
            return _parsed(content.decode("utf-8", "surrogateescape").splitlines(), _current(params, system))
    return State("", "", {}, {}, "")


def _current(params: Params, system: System) -> str:
    path = os.path.join("/etc/alternatives", params.name)
    return system.files.readlink(path) if system.files.is_link(path) else ""


def _parsed(lines: List[str], current: str) -> State:
    """Read: mode, link, pairs of lines for links that go along, empty line; then each program in the same order."""
    rest = iter(lines)
    mode, link = next(rest, ""), next(rest, "")
    links = {}
    for name in rest:
        if not name:
            break
        links[name] = next(rest, "")
    choices = {}
    for path in rest:
        if path:
            number = next(rest, "0").rpartition("@")[2].split(" ")[0]  # Red Hat writes a family before, a unit behind
            targets = {name: next(rest, "") for name in links}
            priority = int(number) if number.lstrip("-").isdigit() else 0
            choices[path] = Choice(priority, {name: target for name, target in targets.items() if target})
    return State(mode, link, links, choices, current)


def plan(params: Params, state: State) -> Change:
    """Decide which calls are needed."""
    if params.path is None and params.state != "auto":
        raise Failed("path is required with state=%s" % params.state)
    calls: List[List[str]] = []
    known = state.choices.get(params.path or "")
    if params.state == "absent":
        calls += [["--remove", params.name, params.path or ""]] if known else []
    else:
        if params.path is not None and _differs(params, state, known):
            calls.append(_install(params, state, known))
        if params.state == "selected" and state.current != params.path:
            calls.append(["--set", params.name, params.path or ""])
        if params.state == "auto" and state.mode == "manual":
            calls.append(["--auto", params.name])
    return Change(bool(calls), calls, {"msg": _told(params, calls)}, _diff(params, state, known) if calls else None)


def _told(params: Params, calls: List[List[str]]) -> str:
    words = {
        "--install": "Install alternative '%s' for '%s'.",
        "--set": "Set alternative '%s' for '%s'.",
        "--remove": "Remove alternative '%s' from '%s'.",
        "--auto": "Set alternative to auto for '%s'.",
    }
    known = {"path": params.path, "name": params.name}
    sides = {each: (known["name"],) if each == "--auto" else (known["path"], known["name"]) for each in words}
    return " ".join(words[call[0]] % sides[call[0]] for call in calls)


def _differs(params: Params, state: State, known: Optional[Choice]) -> bool:
    if known is None:
        return True
    if params.priority is not None and params.priority != known.priority:
        return True
    if params.link and state.link and params.link != state.link:
        return True
    if params.subcommands is None:
        return False
    wanted = {each.name: each.path for each in params.subcommands}
    return wanted != known.links or any(state.links.get(each.name) != each.link for each in params.subcommands)


def _priority(params: Params, known: Optional[Choice]) -> int:
    if params.priority is not None:
        return params.priority
    return known.priority if known else DEFAULT_PRIORITY


def _install(params: Params, state: State, known: Optional[Choice]) -> List[str]:
    link = params.link or state.link
    if not link:
        raise Failed("Needed to install the alternative, but unable to do so as we are missing the link")
    words = ["--install", link, params.name, params.path or "", str(_priority(params, known))]
    words += ["--family", params.family] if params.family else []
    if params.subcommands is not None:
        for each in params.subcommands:
            words += ["--slave", each.link, each.name, each.path]
    elif known:
        for name, target in known.links.items():
            words += ["--slave", state.links[name], name, target]
    return words


def _diff(params: Params, state: State, known: Optional[Choice]) -> Dict[str, str]:
    before = {"state": "absent" if known is None else "present", "path": state.current, "mode": state.mode}
    selected = params.state == "selected" or state.current == params.path
    after = {"state": "absent" if params.state == "absent" else "present", "path": state.current, "mode": state.mode}
    if known is not None:
        before["priority"] = str(known.priority)
    if selected:
        after["path"] = "" if params.state == "absent" else params.path or ""
    if params.state == "auto" or (params.state == "selected" and state.current != params.path):
        after["mode"] = "auto" if params.state == "auto" else "manual"
    if params.state != "absent" and params.path:
        after["priority"] = str(_priority(params, known))
    return {"before": _shown(before), "after": _shown(after)}


def _shown(values: Dict[str, str]) -> str:
    return "".join("%s: %s\n" % item for item in sorted(values.items()))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the calls."""
    program = system.commands.which("update-alternatives") or system.commands.which("alternatives")
    if program is None:
        raise Failed('Failed to find required executable "update-alternatives" in the search path')
    if "--install" in change.todo[0] and not system.files.exists(change.params.path):
        raise Failed("Specified path %s does not exist" % change.params.path)
    for words in change.todo:
        done = system.commands.run([program, *words], env=PLAIN)
        if done.rc != 0:
            raise Failed((done.err or done.out).strip(), rc=done.rc, stdout=done.out, stderr=done.err)
    return None


EXAMPLES = """
- name: Everybody edits with vim
  alternatives:
    name: editor
    path: /usr/bin/vim.basic
- name: A Java of our own
  alternatives:
    name: java
    path: /opt/java/bin/java
    link: /usr/bin/java
    priority: 2000
    state: present
"""
