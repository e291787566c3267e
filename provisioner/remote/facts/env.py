"""The environment that tasks start with."""

import os
from typing import Any, Dict

from ..system import System

SUBSET = "env"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Copy the worker's environment."""
    return {"env": dict(os.environ)}
