"""Whether SELinux is on, and in which mode."""

from typing import Any, Dict

from ..system import System
from ..system.reading import assignments, text

SUBSET = "selinux"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Look at the kernel's file system and at the configuration; no Python binding is needed."""
    config = assignments(system, "/etc/selinux/config")
    enforcing = text(system, "/sys/fs/selinux/enforce", "none")
    facts: Dict[str, Any] = {"selinux_python_present": True}
    if enforcing == "none":
        facts["selinux"] = {"status": "disabled"}
        return facts
    facts["selinux"] = {
        "status": "enabled",
        "mode": "enforcing" if enforcing == "1" else "permissive",
        "config_mode": config.get("SELINUX", "unknown"),
        "type": config.get("SELINUXTYPE", "unknown"),
        "policyvers": int(text(system, "/sys/fs/selinux/policyvers", "0") or 0),
    }
    return facts
