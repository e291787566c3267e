"""Runs on the host: the module files that ansible-core left, again and again; prints the least time of each as JSON.

there.py PLACE REPEATS        PLACE/TASK/ansible-tmp-.../AnsiballZ_MODULE.py; prints {TASK: [[MODULE, seconds, end]]}
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path


def ended(process: subprocess.CompletedProcess[bytes]) -> str:
    """Return ``ok``, ``changed`` or ``failed``, as the module said."""
    try:
        said = json.loads(process.stdout)
    except ValueError:
        return "failed"
    return "failed" if said.get("failed") else "changed" if said.get("changed") else "ok"


def main(place: str, repeats: int) -> None:
    """Time everything below ``place``."""
    found: dict[str, list[object]] = {}
    for path in sorted(Path(place).glob("*/*/AnsiballZ_*.py")):
        times, ends = [], set()
        for _ in range(repeats):
            begun = time.perf_counter()
            command = [sys.executable, str(path)]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            times.append(time.perf_counter() - begun)
            ends.add(ended(done))
        end = next((word for word in ("failed", "changed") if word in ends), "ok")
        found.setdefault(path.parts[-3], []).append([path.stem[len("AnsiballZ_") :], min(times), end])
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
