"""Plain scalars mean what they mean to Ansible's YAML reader; the table was compared with it value by value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from provisioner.syntax.scalars import plain

SAME = object()
TABLE = {
    "yes": True, "Yes": True, "YES": True, "on": True, "On": True, "true": True, "TRUE": True,
    "no": False, "No": False, "OFF": False, "false": False, "False": False,
    "y": SAME, "n": SAME, "Y": SAME, "yEs": SAME, "tRUE": SAME,
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "nUll": SAME, "None": SAME,
    "0": 0, "-0": 0, "12": 12, "+12": 12, "-7": -7, "1_000": 1000, "0644": 0o644, "0o644": SAME, "08": SAME,
    "0x1F": 31, "0b101": 5, "-0x1f": -31, "1:30": 90, "190:20:30": 685230, "9:60": SAME, "0:30": SAME, "01:30": SAME,
    "1.5": 1.5, "1.": 1.0, ".5": 0.5, "-.5": SAME, "1e3": SAME, "1.5e3": SAME, "1.5e+3": 1500.0, "1.e-3": 0.001,
    "1:30:00.5": 5400.5, ".inf": float("inf"), "-.INF": float("-inf"), "1.2.3": SAME, "10.0.0.1": SAME, "1-2": SAME,
    "-": SAME, "+": SAME, ".": SAME, "=": SAME, "<<": SAME, "word": SAME, "nothing": SAME, "1:2:x": SAME,
    "2024-02-29": date(2024, 2, 29), "2024-1-1": SAME, "2023-02-30": SAME,
    "2024-01-01 10:00:00": datetime(2024, 1, 1, 10),  # noqa: DTZ001 - none was written
    "2024-01-01T10:00:00Z": datetime(2024, 1, 1, 10, tzinfo=UTC),
    "2001-12-14t21:59:43.10-05:00": datetime(2001, 12, 14, 21, 59, 43, 100000, timezone(timedelta(hours=-5))),
}  # fmt: skip


@pytest.mark.parametrize("text", TABLE)
def test_a_plain_scalar_means_what_the_table_says(text: str) -> None:
    wanted = TABLE[text]
    got = plain(text)
    if wanted is SAME:
        assert got is text
    else:
        assert got == wanted
        assert type(got) is type(wanted)


def test_not_a_number_is_a_float() -> None:
    value = plain(".nan")
    assert isinstance(value, float)
    assert value != value  # noqa: PLR0124 - that is what it is
