"""Manage settings of git."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required_if, required_one_of
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits()


class Params(Parameters):
    """One setting in one place."""

    name: Optional[str] = optional("str", "The setting, such as user.email.")
    list_all: bool = optional("bool", "Read every setting there, instead.", False)
    value: Optional[str] = optional("str", "Its value; without one the setting is read.")
    repo: Optional[str] = optional("path", "The repository, for scope local.")
    file: Optional[str] = optional("path", "The file, for scope file.")
    scope: Optional[str] = optional(
        "str", "Where it is kept; system unless repo or file is given.", choices=("file", "local", "global", "system")
    )
    state: str = optional("str", "Whether it is set.", "present", choices=("present", "absent"))
    add_mode: str = optional("str", "Replace what is set, or add to it.", "replace-all", choices=("add", "replace-all"))
    rules = (
        required_if("scope", "local", "repo"),
        required_if("scope", "file", "file"),
        required_one_of("name", "list_all"),
    )


class State(NamedTuple):
    """The values set now, in order; for ``list_all`` all there is as name and value."""

    values: List[str]
    listed: Dict[str, str]


def _where(params: Params) -> List[str]:
    scope = params.scope or ("file" if params.file else "local" if params.repo else "system")
    program = ["git", *(["-C", params.repo] if scope == "local" and params.repo else [])]
    return [*program, "config", *(["--file", params.file or ""] if scope == "file" else ["--" + scope])]


def inspect(params: Params, system: System) -> State:
    """Ask git."""
    question = ["--list"] if params.list_all else ["--get-all", params.name or ""]
    done = system.commands.run([*_where(params), "--null", *question], env=PLAIN)
    if done.rc == 127:
        raise Failed('Failed to find required executable "git"; install the package git')
    if done.rc > 1 or (done.rc == 1 and done.err.strip()):
        raise Failed("git cannot read %s: %s" % (params.name, (done.err or done.out).strip()), rc=done.rc)
    found = done.out.split("\0")[:-1]
    return State(found, dict(each.split("\n", 1) for each in found if "\n" in each) if params.list_all else {})


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.list_all:
        return Change(False, result={"msg": "", "config_values": state.listed})
    if params.state == "present" and params.value is None:
        return Change(False, result={"msg": "", "config_value": (state.values or [""])[-1]})
    result: Dict[str, Any] = {"msg": ""}
    if params.state == "absent":
        if not state.values:
            return Change(False, result=result)
        return Change(True, ["--unset-all", params.name], {"msg": "setting changed"}, _diff(state.values, []))
    value = params.value or ""
    after = [*state.values, value] if params.add_mode == "add" else [value]
    if state.values == after or (params.add_mode == "add" and value in state.values):
        return Change(False, result=result)
    words = ["--" + params.add_mode, params.name, value]
    return Change(True, words, {"msg": "setting changed"}, _diff(state.values, after))


def _diff(before: List[str], after: List[str]) -> Dict[str, str]:
    return {"before": "".join(each + "\n" for each in before), "after": "".join(each + "\n" for each in after)}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Let git write it."""
    done = system.commands.run([*_where(change.params), *change.todo], env=PLAIN)
    if done.rc != 0:
        raise Failed((done.err or done.out).strip() or "git config failed", rc=done.rc)
    return None


RETURNS = """
config_value: The value, where only it was asked for.
config_values: All settings with list_all, or all values of the name.
rc: Exit code of the program.
"""

EXAMPLES = """
- name: Who commits on this host
  git_config:
    name: user.email
    value: root@example.org
    scope: system
- name: A folder that belongs to somebody else
  git_config:
    name: safe.directory
    value: /srv/app
    scope: global
    add_mode: add
"""
