"""Which systemd runs here, with the features it was built with."""

import re
from typing import Any, Dict

from ..system import System

SUBSET = "systemd"
FACTS = ()
MINIMAL = False


def collect(system: System) -> Dict[str, Any]:
    """Ask systemctl for its version where systemd is in charge."""
    if not system.files.exists("/run/systemd/system"):
        return {}
    out = system.commands.run(["systemctl", "--version"], timeout_s=10).out
    match = re.match(r"systemd (\d+).*\n(.*)", out)
    if not match:
        return {}
    return {"systemd": {"version": int(match.group(1)), "features": match.group(2).strip()}}
