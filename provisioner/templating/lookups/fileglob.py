"""Files of the controller by pattern."""

from __future__ import annotations

import glob
from pathlib import Path

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the files (no folders) that match each pattern, looked for in ``files/`` of role and playbook."""
    found: list[object] = []
    for term in terms:
        for place in context.candidates(str(term), "files"):
            paths = [path for path in sorted(glob.glob(str(place))) if Path(path).is_file()]  # noqa: PTH207 - absolute pattern
            if paths:
                found += paths
                break
    return found
