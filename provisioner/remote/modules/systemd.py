"""Start, stop, enable and mask systemd units, and make systemd read its files anew."""

from typing import Any, Dict, Optional

from ..change import Change, Traits
from ..params import Parameters, optional
from ..system import System
from ..units import UnitState, Wanted, carry_out, decide, look

TRAITS = Traits(locks=("systemd",))


class Params(Parameters):
    """The unit and what shall be true of it."""

    name: Optional[str] = optional("str", "The unit; a service where no kind is named.", aliases=("service", "unit"))
    state: Optional[str] = optional("str", "What it shall do.", choices=("reloaded", "restarted", "started", "stopped"))
    enabled: Optional[bool] = optional("bool", "Whether it starts at boot.")
    masked: Optional[bool] = optional("bool", "Whether it cannot be started at all.")
    force: Optional[bool] = optional("bool", "Replace links that are in the way.")
    daemon_reload: bool = optional("bool", "Read all unit files anew first.", False, aliases=("daemon-reload",))
    daemon_reexec: bool = optional("bool", "Start systemd itself anew first.", False, aliases=("daemon-reexec",))
    scope: str = optional("str", "Whose manager.", "system", choices=("system", "user", "global"))
    no_block: bool = optional("bool", "Do not wait until it is done.", False)


State = UnitState


def inspect(params: Params, system: System) -> UnitState:
    """Ask systemd about the unit."""
    return look(_wanted(params), system)


def plan(params: Params, state: UnitState) -> Change:
    """Compare."""
    return decide(_wanted(params), state)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the calls."""
    return carry_out(_wanted(change.params), change, system)


def _wanted(params: Params) -> Wanted:
    return Wanted(
        params.name,
        params.state,
        params.enabled,
        params.masked,
        params.scope,
        params.daemon_reload,
        params.daemon_reexec,
        bool(params.force),
        params.no_block,
    )


RETURNS = """
name: The name as given.
status: All that systemd says of the unit.
state: What is there now, or what was asked for.
enabled: Whether it starts at boot.
"""

EXAMPLES = """
- name: Running now and after every boot
  systemd:
    name: nginx
    state: started
    enabled: true
- name: A changed unit file
  systemd:
    name: app.timer
    state: restarted
    daemon_reload: true
"""
