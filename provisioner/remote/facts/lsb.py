"""What lsb_release would say, without starting it where os-release says the same."""

from typing import Any, Dict

from ..system import System
from ..system.commands import PLAIN
from ..system.reading import assignments

SUBSET = "lsb"
FACTS = ()
MINIMAL = True
SAME_IN_OS_RELEASE = {"debian": "Debian", "ubuntu": "Ubuntu"}
LABELS = {"Distributor ID": "id", "Description": "description", "Release": "release", "Codename": "codename"}


def collect(system: System) -> Dict[str, Any]:
    """Answer only where the host has lsb_release or its file."""
    lsb = assignments(system, "/etc/lsb-release")
    program = any(system.files.exists(path) for path in ("/usr/bin/lsb_release", "/bin/lsb_release"))
    release = assignments(system, "/etc/os-release")
    found: Dict[str, str] = {}
    if program and release.get("ID") in SAME_IN_OS_RELEASE:
        found = {
            "id": SAME_IN_OS_RELEASE[release["ID"]],
            "description": release.get("PRETTY_NAME", ""),
            "release": release.get("VERSION_ID", "n/a"),
            "codename": release.get("VERSION_CODENAME", "n/a"),
        }
    elif program:
        found = _from_program(system)
    elif lsb:
        pairs = (("id", "ID"), ("description", "DESCRIPTION"), ("release", "RELEASE"), ("codename", "CODENAME"))
        found = {name: lsb["DISTRIB_" + key] for name, key in pairs if "DISTRIB_" + key in lsb}
    if "release" in found:
        found["major_release"] = found["release"].split(".")[0]
    return {"lsb": found}


def _from_program(system: System) -> Dict[str, str]:
    found = {}
    for line in system.commands.run(["lsb_release", "-a"], env=PLAIN, timeout_s=10).out.splitlines():
        label, _, value = line.partition(":")
        if label in LABELS:
            found[LABELS[label]] = value.strip()
    return found
