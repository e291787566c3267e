"""List the installed packages as facts."""

import re
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System, dpkg
from ..system.commands import PLAIN

TRAITS = Traits()


class Params(Parameters):
    """Which package databases to read."""

    manager: List[str] = optional("list", "auto, or package managers by name.", ("auto",), elements="str")
    strategy: str = optional("str", "The first that is found, or all.", "first", choices=("first", "all"))


class State(NamedTuple):
    """The packages by name as each manager that was found lists them, and what could not be read."""

    packages: Dict[str, List[Dict[str, Any]]]
    found: int
    warnings: List[str]


Rows = Iterator[Dict[str, Any]]


def inspect(params: Params, system: System) -> State:
    """Read dpkg's database; ask the programs of other managers."""
    asked = [name.lower() for name in params.manager]
    names = [name for name in MANAGERS if name in asked or "auto" in asked]
    names += [name for name in ("yum", "dnf", "dnf5", "zypper") if name in asked]
    unknown = [name for name in asked if name not in KNOWN]
    if unknown:
        raise Failed("unknown package manager %s; these are known: %s" % (", ".join(unknown), ", ".join(KNOWN)))
    packages: Dict[str, List[Dict[str, Any]]] = {}
    warnings: List[str] = []
    found = 0
    for name in names:
        read = MANAGERS[SAME.get(name, name)]
        try:
            rows = list(read(system))
        except _Missing:
            if "auto" not in asked:
                warnings.append("Requested package manager %s was not usable by this module" % name)
            continue
        except _Unlistable as error:
            warnings.append("Failed to retrieve packages with %s: %s" % (name, error))
            continue
        found += 1
        for row in rows:
            packages.setdefault(row["name"], []).append(dict(row, source=SAME.get(name, name)))
        if params.strategy == "first":
            break
    return State(packages, found, warnings)


class _Missing(Exception):
    """The manager is not on this host."""


class _Unlistable(Exception):
    """The manager is there and does not answer."""


def _said(system: System, argv: List[str]) -> List[str]:
    if system.commands.which(argv[0]) is None:
        raise _Missing
    done = system.commands.run(argv, env=PLAIN)
    if done.rc != 0:
        raise _Unlistable("Unable to list packages rc=%s : %s" % (done.rc, (done.err or done.out).strip()))
    return done.out.splitlines()


def _apt(system: System) -> Rows:
    if not system.files.exists(dpkg.STATUS):
        raise _Missing
    for _, packages in sorted(dpkg.read(system).by_name.items()):
        for package in packages:
            if package.installed:
                yield {
                    "name": package.name,
                    "version": package.version,
                    "arch": package.architecture,
                    "category": package.section,
                    "origin": "",
                }


def _rpm(system: System) -> Rows:
    form = "%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{EPOCH}\\t%{ARCH}\\n"
    for line in _said(system, ["rpm", "-qa", "--qf", form]):
        fields = line.split("\t")
        if len(fields) == 5:
            name, version, release, epoch, arch = fields
            number = None if epoch == "(none)" else int(epoch)
            yield {"name": name, "version": version, "release": release, "epoch": number, "arch": arch}


def _apk(system: System) -> Rows:
    for line in _said(system, ["apk", "info", "-v"]):
        match = re.match(r"^(?P<name>\S+)-(?P<version>\d\S*)-(?P<release>r\d+)$", line.strip())
        if match:
            yield match.groupdict()


def _pacman(system: System) -> Rows:
    for line in _said(system, ["pacman", "-Q"]):
        name, _, full = line.partition(" ")
        version, _, release = full.partition("-")
        yield {"name": name, "version": version, "release": release}


MANAGERS: Dict[str, Callable[[System], Rows]] = {"rpm": _rpm, "apt": _apt, "pacman": _pacman, "apk": _apk}
SAME = {"yum": "rpm", "dnf": "rpm", "dnf5": "rpm", "zypper": "rpm"}
KNOWN = ("auto", *MANAGERS, *SAME)


def plan(params: Params, state: State) -> Change:
    """Turn it into facts."""
    if not state.found:
        asked = ", ".join(sorted(params.manager))
        text = "Could not detect a supported package manager from the following list: %s, or it is not usable"
        raise Failed(text % asked, warnings=state.warnings)
    result: Dict[str, Any] = {"ansible_facts": {"packages": state.packages}}
    if state.warnings:
        result["warnings"] = state.warnings
    return Change(False, result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
ansible_facts: The facts found.
"""

EXAMPLES = """
- name: What is installed?
  package_facts:
"""
