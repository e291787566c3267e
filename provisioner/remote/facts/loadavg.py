"""How busy the host is."""

import os
from typing import Any, Dict

from ..system import System

SUBSET = "loadavg"
FACTS = ()
MINIMAL = False


def collect(system: System) -> Dict[str, Any]:
    """Ask the kernel for the three averages."""
    try:
        one, five, fifteen = os.getloadavg()
    except OSError:
        return {}
    return {"loadavg": {"1m": one, "5m": five, "15m": fifteen}}
