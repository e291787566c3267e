"""Read entries of the name service: users, groups, services, hosts."""

from typing import Any, Dict, List, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import Completed

TRAITS = Traits()
BY_COLON = ("passwd", "shadow", "group", "gshadow")


class Params(Parameters):
    """Which database, and which entry of it."""

    database: str = required("str", "The database, as getent names it.")
    key: Optional[str] = optional("str", "The entry; all of them where not given.")
    service: Optional[str] = optional("str", "Ask this service instead of the configured ones.")
    split: Optional[str] = optional("str", "What separates the fields.")
    fail_key: bool = optional("bool", "Fail where there is no such entry.", True)


State = Completed


def inspect(params: Params, system: System) -> Completed:
    """Run getent."""
    service = ["-s", params.service] if params.service else []
    key = [params.key] if params.key is not None else []
    return system.commands.run(["getent", *service, params.database, *key])


def plan(params: Params, state: Completed) -> Change:
    """Turn the lines into facts."""
    name = "getent_" + params.database
    if state.rc == 0:
        return Change(False, result={"ansible_facts": {name: _entries(params, state.out.splitlines())}})
    if state.rc == 2:
        told = "One or more supplied key could not be found in the database."
        if params.fail_key:
            raise Failed(told)
        return Change(False, result={"msg": told, "ansible_facts": {name: {params.key: None}}})
    reasons = {1: "Missing arguments, or database unknown.", 3: "Enumeration not supported on this database."}
    raise Failed(reasons.get(state.rc, "getent failed: %s" % state.err.strip()), rc=state.rc)


def _entries(params: Params, lines: List[str]) -> Dict[str, Any]:
    separator = params.split
    if separator is None and params.database in BY_COLON:
        separator = ":"
    found: Dict[str, Any] = {}
    for line in lines:
        fields = line.split(separator)
        if fields and fields[0] not in found:
            found[fields[0]] = fields[1:]
    return found


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
ansible_facts: The facts found.
"""

EXAMPLES = """
- name: Where root lives
  getent:
    database: passwd
    key: root
"""
