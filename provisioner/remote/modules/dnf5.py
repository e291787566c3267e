"""Install, upgrade and remove packages with dnf5.

The programs rpm and dnf5 do the work. Tested against their recorded answers, not on Fedora.
"""

from typing import Any, Dict, Optional

from ..change import Change, Traits
from ..dnf import DnfParameters, DnfState, carry_out, decide, look
from ..system import System

TRAITS = Traits(locks=("rpm",))


class Params(DnfParameters):
    """What is satisfied by rpm's database never starts dnf5."""


State = DnfState


def inspect(params: Params, system: System) -> DnfState:
    """Compare rpm's database with the wishes."""
    return look(params, system, "dnf5")


def plan(params: Params, state: DnfState) -> Change:
    """Decide which calls to make."""
    return decide(params, state)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make them."""
    return carry_out(change, system)


RETURNS = """
results: What was installed and removed, a line an item.
msg: What was done, in words.
rc: The exit code; 0 where nothing failed.
failures: What failed, a line an item.
"""

EXAMPLES = """
- name: A web server
  dnf5:
    name: httpd
    state: present
- name: Everything up to date
  dnf5:
    name: "*"
    state: latest
"""
