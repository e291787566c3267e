"""Have a command run once, later."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional
from ..system import System
from ..system.commands import PLAIN, Completed

TRAITS = Traits(rerun=False, settles=False)


class Params(Parameters):
    """One job of at; without ``unique`` each run adds one."""

    command: Optional[str] = optional("str", "The command.")
    script_file: Optional[str] = optional("str", "A script of the host.")
    count: Optional[int] = optional("int", "In how many units.")
    units: Optional[str] = optional("str", "The unit.", choices=("minutes", "hours", "days", "weeks"))
    state: str = optional("str", "Whether it is waiting.", "present", choices=("absent", "present"))
    unique: bool = optional("bool", "Add none where the same is waiting.", False)
    rules = (mutually_exclusive("command", "script_file"),)


class State(NamedTuple):
    """Numbers of waiting jobs that do the same."""

    same: List[str]


def inspect(params: Params, system: System) -> State:
    """Read every waiting job where it matters."""
    if params.state == "present" and not params.unique:
        return State([])
    wanted = _script(params, system)
    same = []
    for line in _run(system, ["atq"]).out.splitlines():
        number = line.split()[0]
        if _run(system, ["at", "-c", number]).out.rstrip("\n").endswith("\n" + wanted.rstrip("\n")):
            same.append(number)
    return State(same)


def _script(params: Params, system: System) -> str:
    if params.command is not None:
        return params.command
    if params.script_file is None:
        raise Failed("one of command, script_file is required")
    return system.files.read(params.script_file).decode("utf-8", "surrogateescape")


def _run(system: System, words: List[str], stdin: Optional[bytes] = None) -> Completed:
    done = system.commands.run(words, stdin=stdin, env=PLAIN)
    if done.rc != 0:
        hint = "; install the package at" if done.rc == 127 else ""
        raise Failed((done.err or done.out).strip() + hint, rc=done.rc)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare."""
    result: Dict[str, Any] = {"state": params.state}
    if params.state == "absent":
        return Change(bool(state.same), ["atrm", *state.same], dict(result, matching_jobs=state.same))
    if params.count is None or params.units is None:
        raise Failed("count and units are required with state=present")
    if params.command is None and params.script_file is None:
        raise Failed("one of command, script_file is required")
    result.update(script_file=params.script_file, count=params.count, units=params.units)
    words = ["at", "now", "+", str(params.count), params.units]
    return Change(not state.same, words, result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Add the job, or remove those that are the same."""
    params = change.params
    script = (_script(params, system).rstrip("\n") + "\n").encode("utf-8", "surrogateescape")
    _run(system, change.todo, None if params.state == "absent" else script)
    return None


RETURNS = """
state: What was asked for.
script_file: The file that is run, where one was given or made.
count: After how many units.
units: The units.
matching_jobs: Jobs of this command that were there.
"""

EXAMPLES = """
- name: Back to the old rules unless somebody takes this away
  at:
    command: systemctl restart nftables
    count: 10
    units: minutes
    unique: true
"""
