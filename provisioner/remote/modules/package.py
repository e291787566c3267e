"""Install and remove packages with whatever package manager the host has."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..facts.pkg_mgr import collect as package_manager
from ..params import BadParameters, Parameters, optional, required
from ..system import System
from . import apt

TRAITS = Traits(locks=("dpkg",))
PREFIXES = ("ansible.builtin.", "ansible.legacy.", "community.general.")
SAME = {"installed": "present", "removed": "absent"}


class Params(Parameters):
    """``name`` and ``state``, and whatever else the host's own package module takes."""

    name: List[str] = required(
        "list", "Packages, as the host's package manager spells them.", aliases=("pkg",), elements="str"
    )
    state: str = required("str", "What is wanted: present, absent, latest, or what else that module knows.")
    use: str = optional("str", "Which package module to use.", "auto")
    accepts_any = True


class State(NamedTuple):
    """The module that does the work, its parameters and its state."""

    params: Any
    state: Any


def inspect(params: Params, system: System) -> State:
    """Find the host's package manager and let its module look."""
    wanted = params.use
    for prefix in PREFIXES:
        wanted = wanted[len(prefix) :] if wanted.startswith(prefix) else wanted
    name = package_manager(system)["pkg_mgr"] if wanted == "auto" else wanted
    if name != "apt":
        if name == "unknown":
            raise Failed(
                "Could not detect which package manager to use. Try gathering facts or setting the 'use' option."
            )
        raise Failed("this host's packages are managed by '%s', and there is no module of that name here" % name)
    given: Dict[str, Any] = dict(params.extra, name=params.name, state=SAME.get(params.state, params.state))
    try:
        checked = apt.Params.parse(given)
    except BadParameters as error:
        raise Failed("%s: %s" % (name, error)) from None
    return State(checked, apt.inspect(checked, system))


def plan(params: Params, state: State) -> Change:
    """Decide as that module does."""
    change = apt.plan(state.params, state.state)
    change.params, change.state = state.params, state.state
    return Change(change.changed, change, change.result, change.diff, settles=change.settles)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do as that module does."""
    return apt.apply(change.todo, system)


EXAMPLES = """
- name: A tool that is called the same everywhere
  package:
    name: rsync
    state: present
"""
