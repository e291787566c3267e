"""List the installed packages as facts."""

from typing import Any, Dict, List, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System, dpkg

TRAITS = Traits()


class Params(Parameters):
    """Which package databases to read."""

    manager: List[str] = optional("list", "auto, or package managers by name.", ("auto",), elements="str")
    strategy: str = optional("str", "The first that is found, or all.", "first", choices=("first", "all"))


State = Optional[dpkg.Database]


def inspect(params: Params, system: System) -> Optional[dpkg.Database]:
    """Read dpkg's database."""
    return dpkg.read(system) if system.files.exists(dpkg.STATUS) else None


def plan(params: Params, state: Optional[dpkg.Database]) -> Change:
    """Turn it into facts."""
    wanted = {name.lower() for name in params.manager}
    if state is None or not wanted & {"auto", "apt"}:
        asked = ", ".join(sorted(wanted))
        raise Failed(
            "Could not detect a supported package manager from the following list: %s; apt is supported" % asked
        )
    found: Dict[str, Any] = {}
    for name, packages in sorted(state.by_name.items()):
        entries = [_entry(package) for package in packages if package.installed]
        if entries:
            found[name] = entries
    return Change(False, result={"ansible_facts": {"packages": found}})


def _entry(package: dpkg.Package) -> Dict[str, str]:
    return {
        "name": package.name,
        "version": package.version,
        "arch": package.architecture,
        "category": package.section,
        "origin": "",
        "source": "apt",
    }


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


EXAMPLES = """
- name: What is installed?
  package_facts:
"""
