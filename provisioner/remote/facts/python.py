"""The Python that runs here."""

import sys
from typing import Any, Dict

from ..system import System

try:
    import ssl
except ImportError:
    ssl = None  # type: ignore[assignment]

SUBSET = "python"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Ask the running interpreter."""
    info = sys.version_info
    return {
        "python": {
            "version": {
                "major": info[0],
                "minor": info[1],
                "micro": info[2],
                "releaselevel": info[3],
                "serial": info[4],
            },
            "version_info": list(info),
            "executable": sys.executable,
            "has_sslcontext": hasattr(ssl, "SSLContext"),
            "type": sys.implementation.name,
        }
    }
