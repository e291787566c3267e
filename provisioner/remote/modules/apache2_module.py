"""Switch modules of Debian's Apache web server on and off."""

import os
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("apache2",))
ENABLED, AVAILABLE = "/etc/apache2/mods-enabled", "/etc/apache2/mods-available"


class Params(Parameters):
    """One module, under the name a2enmod knows."""

    name: str = required("str", "The module.")
    identifier: Optional[str] = optional("str", "Accepted; the links of a2enmod say enough.")
    state: str = optional("str", "Whether it is on.", "present", choices=("present", "absent"))
    force: bool = optional("bool", "Switch off even a module that Debian calls essential.", False)
    ignore_configcheck: bool = optional("bool", "Accepted; nothing is asked of the server itself.", False)
    warn_mpm_absent: bool = optional("bool", "Accepted, as above.", True)


class State(NamedTuple):
    """Whether the link that switches it on is there, and whether the module is."""

    enabled: bool
    available: bool


def inspect(params: Params, system: System) -> State:
    """Look for the link."""
    name = params.name + ".load"
    there = system.files.exists(os.path.join(ENABLED, name))
    return State(there, system.files.exists(os.path.join(AVAILABLE, name)))


def plan(params: Params, state: State) -> Change:
    """Compare."""
    wanted = params.state == "present"
    word = "enabled" if wanted else "disabled"
    result = {"result": "Module %s %s" % (params.name, word)}
    if state.enabled == wanted:
        return Change(False, result=result)
    other = "disabled" if wanted else "enabled"
    return Change(True, wanted, result, {"before": other + "\n", "after": word + "\n"})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Let Debian's own programs do it: they know what needs what."""
    params = change.params
    program = "a2enmod" if change.todo else "a2dismod"
    if system.commands.which(program) is None:
        raise Failed('"%s" not found. Perhaps this system does not use %s to manage apache' % (program, program))
    done = system.commands.run([program, *(["-f"] if params.force else []), "-q", params.name], env=PLAIN)
    if done.rc != 0:
        said = (done.err or done.out).strip()
        raise Failed("Failed to set module %s to %s: %s" % (params.name, params.state, said), rc=done.rc)
    return None


RETURNS = """
result: What was done, in words.
rc: Exit code of the program.
"""

EXAMPLES = """
- name: Addresses can be rewritten
  apache2_module:
    name: rewrite
"""
