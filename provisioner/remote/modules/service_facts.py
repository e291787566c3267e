"""List the services as facts."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Traits
from ..params import Parameters
from ..system import System
from ..system.systemctl import Systemctl, in_charge

TRAITS = Traits()
BROKEN = ("not-found", "masked", "failed")


class Params(Parameters):
    """Nothing to choose."""


class State(NamedTuple):
    """Rows of systemctl's two lists, and the names of init scripts."""

    units: List[List[str]]
    files: List[List[str]]
    scripts: List[str]


def inspect(params: Params, system: System) -> State:
    """Ask systemd once for what is loaded and once for what there is."""
    scripts = system.files.listdir("/etc/init.d") if system.files.is_dir("/etc/init.d") else []
    if not in_charge(system):
        return State([], [], scripts)
    systemctl = Systemctl(system)
    options = ["--no-pager", "--no-legend", "--plain", "--type", "service", "--all"]
    units = systemctl.run(["list-units", *options]).out.splitlines()
    files = systemctl.run(["list-unit-files", *options]).out.splitlines()
    return State([_words(line) for line in units], [_words(line) for line in files], scripts)


def _words(line: str) -> List[str]:
    return line.lstrip("●* ").split()


def plan(params: Params, state: State) -> Change:
    """Join the lists."""
    found: Dict[str, Dict[str, str]] = {}
    for row in state.units:
        if len(row) >= 4:
            name, load, active, sub = row[:4]
            status = load if load in BROKEN else "unknown"
            running = "running" if sub == "running" else "failed" if active == "failed" else "stopped"
            found[name] = {"name": name, "state": running, "status": status, "source": "systemd"}
    for row in state.files:
        if len(row) >= 2:
            name, status = row[:2]
            template = "unknown" if name.endswith("@.service") or status == "alias" else "inactive"
            known = found.setdefault(name, {"name": name, "state": template, "source": "systemd"})
            if known.get("status") not in BROKEN:
                known["status"] = status
    for name in state.scripts:
        unit = found.get(name + ".service", {})
        running = "running" if unit.get("state") == "running" else "stopped"
        found.setdefault(name, {"name": name, "source": "sysv", "state": running})
    return Change(False, result={"ansible_facts": {"services": found}})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
ansible_facts: The facts found.
"""

EXAMPLES = """
- name: What runs here?
  service_facts:
"""
