"""Manage settings of git."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_if
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits()


class Params(Parameters):
    """One setting in one place."""

    name: str = required("str", "The setting, such as user.email.")
    value: Optional[str] = optional("str", "Its value.")
    repo: Optional[str] = optional("path", "The repository, for scope local.")
    file: Optional[str] = optional("path", "The file, for scope file.")
    scope: Optional[str] = optional(
        "str", "Where it is kept; system unless repo or file is given.", choices=("file", "local", "global", "system")
    )
    state: str = optional("str", "Whether it is set.", "present", choices=("present", "absent"))
    add_mode: str = optional("str", "Replace what is set, or add to it.", "replace-all", choices=("add", "replace-all"))
    rules = (required_if("scope", "local", "repo"), required_if("scope", "file", "file"))


class State(NamedTuple):
    """The values set now, in order."""

    values: List[str]


def _where(params: Params) -> List[str]:
    scope = params.scope or ("file" if params.file else "local" if params.repo else "system")
    program = ["git", *(["-C", params.repo] if scope == "local" and params.repo else [])]
    return [*program, "config", *(["--file", params.file or ""] if scope == "file" else ["--" + scope])]


def inspect(params: Params, system: System) -> State:
    """Ask git."""
    done = system.commands.run([*_where(params), "--null", "--get-all", params.name], env=PLAIN)
    if done.rc == 127:
        raise Failed('Failed to find required executable "git"; install the package git')
    if done.rc > 1 or (done.rc == 1 and done.err.strip()):
        raise Failed("git cannot read %s: %s" % (params.name, (done.err or done.out).strip()), rc=done.rc)
    return State(done.out.split("\0")[:-1])


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.state == "present" and params.value is None:
        raise Failed("value is required with state=present; git_config_info reads settings")
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
