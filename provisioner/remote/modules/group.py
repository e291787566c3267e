"""Add, change and remove groups."""

from typing import Any, Dict, List, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_if
from ..system import System
from ..system.accounts import Group, find_group

TRAITS = Traits(locks=("accounts",))


class Params(Parameters):
    """The group and its number."""

    name: str = required("str", "The group.")
    gid: Optional[int] = optional("int", "Its number.")
    state: str = optional("str", "Whether it shall be there.", "present", choices=("absent", "present"))
    system: bool = optional("bool", "Take a number from the system's range.", False)
    local: bool = optional("bool", "Look at /etc/group only, not at directory services.", False)
    non_unique: bool = optional("bool", "Accept a number that another group has.", False)
    force: bool = optional("bool", "Remove it even if it is a user's primary group.", False)
    gid_min: Optional[int] = optional("int", "Smallest number for a new group.")
    gid_max: Optional[int] = optional("int", "Largest number for a new group.")
    rules = (required_if("non_unique", True, "gid"),)


State = Optional[Group]


def inspect(params: Params, system: System) -> Optional[Group]:
    """Look it up by name."""
    for name in ("gid_min", "gid_max"):
        if params.local and getattr(params, name) is not None:
            raise Failed("'%s' can not be used with 'local'" % name)
    found = find_group(system, params.name, params.local)
    return found if found is not None and found.name == params.name else None


def plan(params: Params, state: Optional[Group]) -> Change:
    """Compare."""
    if params.state == "absent":
        result: Dict[str, Any] = {"name": params.name, "state": "absent"}
        if state is None:
            return Change(False, result=result)
        force = ["-f"] if params.force else []
        return Change(True, ["groupdel", *force, params.name], result, _diff(state.gid, None))
    result = {"name": params.name, "state": "present", "system": params.system}
    number = ["-g", str(params.gid)] if params.gid is not None else []
    number += ["-o"] if number and params.non_unique else []
    if state is None:
        for key, value in (("GID_MIN", params.gid_min), ("GID_MAX", params.gid_max)):
            number += ["-K", "%s=%d" % (key, value)] if value is not None else []
        system = ["-r"] if params.system else []
        return Change(True, ["groupadd", *number, *system, params.name], result, _diff(None, params.gid))
    result["gid"] = state.gid
    if params.gid is None or params.gid == state.gid:
        return Change(False, result=result)
    result["gid"] = params.gid
    return Change(True, ["groupmod", *number, params.name], result, _diff(state.gid, params.gid))


def _diff(before: Optional[int], after: Optional[int]) -> Dict[str, Any]:
    return {"before": _shown(before), "after": "present\n" if before is None and after is None else _shown(after)}


def _shown(gid: Optional[int]) -> str:
    return "" if gid is None else "gid: %d\n" % gid


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the one tool that is needed."""
    argv: List[str] = change.todo
    done = system.commands.run(argv)
    if done.rc != 0:
        raise Failed((done.err or done.out).strip(), name=change.params.name, rc=done.rc)
    if change.params.state == "absent":
        return None
    found = inspect(change.params, system)
    return {"gid": found.gid} if found is not None else None


RETURNS = """
name: The name as given.
state: What is there now, or what was asked for.
system: Whether it is a system account.
gid: Number of the file's group.
msg: What was done, in words.
rc: The exit code.
"""

EXAMPLES = """
- name: A group for the application
  group:
    name: app
    gid: 2000
- name: No such group
  group:
    name: old
    state: absent
"""
