"""Install and remove packages with whatever package manager the host has."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..facts.pkg_mgr import collect as package_manager
from ..params import BadParameters, Parameters, optional, required
from ..system import System
from . import apt, dnf, dnf5

TRAITS = Traits(locks=("dpkg",))
PREFIXES = ("ansible.builtin.", "ansible.legacy.", "community.general.")
SAME = {"installed": "present", "removed": "absent"}
MANAGERS: Dict[str, Any] = {"apt": apt, "dnf": dnf, "dnf5": dnf5, "yum": dnf}


class Params(Parameters):
    """``name`` and ``state``, and whatever else the host's own package module takes."""

    name: List[str] = required(
        "list", "Packages, as the host's package manager spells them.", aliases=("pkg",), elements="str"
    )
    state: Optional[str] = optional(
        "str", "What is wanted: present, absent, latest, or what else that module knows; its own default if not given."
    )
    use: str = optional("str", "Which package module to use.", "auto")
    _defaults: Any = optional("dict", "What module_defaults holds for the package modules.")
    accepts_any = True


class State(NamedTuple):
    """The module that does the work, its parameters and its state."""

    module: Any
    params: Any
    state: Any


def inspect(params: Params, system: System) -> State:
    """Find the host's package manager and let its module look."""
    wanted = params.use
    for prefix in PREFIXES:
        wanted = wanted[len(prefix) :] if wanted.startswith(prefix) else wanted
    name = package_manager(system)["pkg_mgr"] if wanted == "auto" else wanted
    module = MANAGERS.get(name)
    if module is None:
        if name == "unknown":
            raise Failed(
                "Could not detect which package manager to use. Try gathering facts or setting the 'use' option."
            )
        raise Failed('Could not find a matching action for the "%s" package manager.' % name)
    given: Dict[str, Any] = dict((params._defaults or {}).get(name) or {})
    given.update(params.extra, name=params.name)
    if params.state is not None:
        given["state"] = SAME.get(params.state, params.state)
    try:
        checked = module.Params.parse(given)
    except BadParameters as error:
        raise Failed(error.said(name, module.Params)) from None
    return State(module, checked, module.inspect(checked, system))


def plan(params: Params, state: State) -> Change:
    """Decide as that module does."""
    change: Change = state.module.plan(state.params, state.state)
    change.params, change.state = state.params, state.state
    return Change(change.changed, change, change.result, change.diff, settles=change.settles)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do as that module does."""
    told: Optional[Dict[str, Any]] = change.state.module.apply(change.todo, system)
    return told


RETURNS = """
msg: As the module of the package manager answers.
cache_updated: Whether the lists of packages are newer now, as apt says.
cache_update_time: When the lists came, as apt says.
"""

EXAMPLES = """
- name: A tool that is called the same everywhere
  package:
    name: rsync
    state: present
"""
