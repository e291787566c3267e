"""What a process does that stays on the host when the worker goes: it keeps nothing of it open."""

import os


def let_go(*kept: int) -> None:
    """Point the standard streams at nothing and close every other descriptor but ``kept``."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) > 2 and int(entry) not in kept:
            try:
                os.close(int(entry))
            except OSError:
                continue
