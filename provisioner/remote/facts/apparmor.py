"""Whether AppArmor is on."""

from typing import Any, Dict

from ..system import System

SUBSET = "apparmor"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Its folder under securityfs tells."""
    enabled = system.files.exists("/sys/kernel/security/apparmor")
    return {"apparmor": {"status": "enabled" if enabled else "disabled"}}
