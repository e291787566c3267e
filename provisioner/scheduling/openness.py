"""Whether a window is open, in words: what is said to somebody who comes too early or too late."""

from __future__ import annotations

from datetime import datetime

from provisioner.model.window import Window
from provisioner.scheduling.windows import next_opening, open_at
from provisioner.scheduling.wording import length, moment_text


def shut(window: Window, now: datetime) -> str:
    """Return, where the window is shut, that it is and when it opens next; empty where it is open."""
    if open_at(window, now) is not None:
        return ""
    opening = next_opening(window, now)
    if opening is None:
        return "its window is shut and does not open again"
    wait = (opening.start - now).total_seconds()
    when = moment_text(opening.start, opening.zone)
    minutes = -(-int(wait) // 60)
    wait_text = f"{minutes} minute{'s' if minutes != 1 else ''}" + ("" if minutes < 60 else f" ({length(wait)})")
    return f"its window is shut; it opens {when}, in {wait_text}, for {length(opening.length_s)}"
