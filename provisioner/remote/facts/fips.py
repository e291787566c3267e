"""Whether the kernel runs in FIPS mode."""

from typing import Any, Dict

from ..system import System
from ..system.reading import text

SUBSET = "fips"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Read the kernel's switch."""
    return {"fips": text(system, "/proc/sys/crypto/fips_enabled") == "1"}
