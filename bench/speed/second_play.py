"""How long a play takes on sessions that are open already: two plays through the Python API, the second one counts.

second_play.py PLAYBOOK INVENTORY        the playbook has two plays; prints the seconds of the second
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from provisioner.app.credentials import Asked, gather
from provisioner.app.run import run_playbooks
from provisioner.model.event import Event, PlayStarted, RunFinished
from provisioner.model.options import RunOptions


class Watch:
    """Notes when each play begins and when the run ends."""

    def __init__(self) -> None:
        self.marks: list[float] = []

    def handle(self, event: Event) -> None:
        """Look at the clock where a play begins or the last ends."""
        if isinstance(event, PlayStarted | RunFinished):
            self.marks.append(time.perf_counter())


def refuse(text: str, is_hidden: bool) -> str:
    """Nobody is asked anything."""
    del is_hidden
    raise RuntimeError(text)


def main(playbook: str, inventory: str) -> int:
    """Run both plays and print how long the second took."""
    watch = Watch()
    credentials = gather(Asked(), lambda text: refuse(text, True))
    code = run_playbooks([playbook], RunOptions(inventories=(inventory,)), credentials, [watch], refuse)
    print(watch.marks[2] - watch.marks[1])
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
