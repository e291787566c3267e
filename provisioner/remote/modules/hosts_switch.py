"""Let names mean another address in a host's own table (/etc/hosts), and put back what was there.

The names get one line of their own; other lines that have them are taken out of use, and brought back by ``absent``.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required, required_if
from ..system import System

TRAITS = Traits(locks=("hosts",))


class Params(Parameters):
    """Which names, and where they lead."""

    id: str = required("str", "What the managed line is marked with; the same in all uses.")
    host_names: List[str] = required("list", "The names.", elements="str")
    state: str = optional("str", "What to do.", "present", choices=("present", "absent", "current"))
    address: Optional[str] = optional("str", "The address they stand for; current: that they must stand for.")
    path: str = optional("path", "The table.", "/etc/hosts")
    rules = (required_if("state", "present", "address"), required_if("state", "current", "address"))


class State(NamedTuple):
    """The table's lines."""

    lines: List[str]


def inspect(params: Params, system: System) -> State:
    """Read the table."""
    content = system.files.read_or_none(params.path) or b""
    return State(content.decode("utf-8", "surrogateescape").splitlines())


def plan(params: Params, state: State) -> Change:
    """Say how the table is to be."""
    now = addresses(state.lines, params.host_names)
    result = {"addresses": now, "address": params.address}
    if params.state == "current":
        wrong = sorted(name for name in params.host_names if now[name] != [params.address])
        if wrong:
            said = ", ".join(now[wrong[0]]) or "nothing"
            raise Failed(
                "%s stands for %s in %s, expected: %s" % (wrong[0], said, params.path, params.address), **result
            )
        return Change(False, result=result)
    lines = _without(params, state.lines)
    if params.state == "present":
        lines = _with(params, lines)
    if lines == state.lines:
        return Change(False, result=result)
    return Change(True, lines, result, text_diff(params.path, _bytes(state.lines), _bytes(lines)))


def addresses(lines: List[str], names: List[str]) -> Dict[str, List[str]]:
    """Return the addresses that each name stands for."""
    found: Dict[str, List[str]] = {name: [] for name in names}
    for line in lines:
        words = line.partition("#")[0].split()
        for name in words[1:]:
            if name in found and words[0] not in found[name]:
                found[name].append(words[0])
    return found


def _marks(params: Params) -> "tuple[str, str]":
    return "# provisioner %s: managed" % params.id, "# provisioner %s: was " % params.id


def _without(params: Params, lines: List[str]) -> List[str]:
    """Return the table as it was before."""
    managed, was = _marks(params)
    kept = [line for line in lines if not line.endswith(managed)]
    return [line[len(was) :] if line.startswith(was) else line for line in kept]


def _with(params: Params, lines: List[str]) -> List[str]:
    managed, was = _marks(params)
    result = []
    for line in lines:
        words = line.partition("#")[0].split()
        others = [name for name in words[1:] if name not in params.host_names]
        if len(others) == len(words[1:]):
            result.append(line)
            continue
        result.append(was + line)
        if others:
            result.append("%s %s  %s" % (words[0], " ".join(others), managed))
    return [*result, "%s %s  %s" % (params.address, " ".join(params.host_names), managed)]


def _bytes(lines: List[str]) -> bytes:
    return "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Replace the table, in one step where that is possible."""
    path = change.params.path
    mode = None if system.files.exists(path) else 0o644
    system.files.write(path, _bytes(change.todo), mode=mode, unsafe=True)  # in containers it cannot be replaced
    return {"addresses": addresses(change.todo, change.params.host_names)}


RETURNS = """
addresses: The addresses each name stands for.
address: The address the names stand for now.
"""

EXAMPLES = """
- name: The application finds the database on the new server
  hosts_switch:
    id: shop
    host_names: [db.example.org, db]
    address: 10.0.0.12
"""
