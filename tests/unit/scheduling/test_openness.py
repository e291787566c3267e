"""What a run says of a shut window, in both nights of a changed clock too."""

from __future__ import annotations

from datetime import datetime

import pytest

from provisioner.model.window import Recurrence, Rule, Window
from provisioner.scheduling.openness import shut
from provisioner.scheduling.wording import length, moment_text

BERLIN = Window((Rule(Recurrence("cron", "30 2 * * *", "Europe/Berlin", 3600.0)),))
NEW_YORK = Window((Rule(Recurrence("cron", "30 1 * * sun", "America/New_York", 3600.0)),))


@pytest.mark.parametrize(
    ("window", "now", "said"),
    [
        (BERLIN, "2026-03-29T01:15:00Z", "it opens Sun 2026-03-29 03:30 CEST, in 15 minutes, for 1 h"),
        (BERLIN, "2026-03-29T01:30:00Z", ""),
        (BERLIN, "2026-03-29T02:29:59Z", ""),
        (BERLIN, "2026-03-29T02:30:00Z", "it opens Mon 2026-03-30 02:30 CEST, in 1320 minutes (22 h), for 1 h"),
        (BERLIN, "2026-10-25T00:29:30Z", "it opens Sun 2026-10-25 02:30 CEST, in 1 minute, for 1 h"),
        (BERLIN, "2026-10-25T00:45:00Z", ""),  # 02:45 CEST, the first time
        (BERLIN, "2026-10-25T01:45:00Z", "it opens Mon 2026-10-26 02:30 CET, in 1425 minutes (23 h 45 min), for 1 h"),
        (NEW_YORK, "2026-11-01T05:45:00Z", ""),  # 01:45 EDT
        (NEW_YORK, "2026-11-01T06:45:00Z", "it opens Sun 2026-11-08 01:30 EST, in 10065 minutes (6 d 23 h), for 1 h"),
    ],
)
def test_the_message_names_the_moment_the_minutes_and_the_length(window: Window, now: str, said: str) -> None:
    found = shut(window, datetime.fromisoformat(now))
    assert found == (f"its window is shut; {said}" if said else "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3600 * 4, "4 h"),
        (86400 + 3 * 3600 + 59, "1 d 3 h"),
        (86400 * 400, "400 d"),
    ],
)
def test_lengths_are_told_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_moments_have_seconds_only_where_they_are_not_full_minutes() -> None:
    at = datetime.fromisoformat("2026-07-01T12:00:05+00:00")
    assert moment_text(at, "Asia/Kathmandu") == "Wed 2026-07-01 17:45:05 +0545"
    assert moment_text(at.replace(second=0), "UTC") == "Wed 2026-07-01 12:00 UTC"
