"""The campaign against cut-overs: what it breaks, and in which order where time is short."""

from __future__ import annotations

from bench.cutover_faults import Fault, faults, kill, spread


def test_there_are_enough_cases_and_no_two_have_one_name() -> None:
    names = [fault.name for fault in faults()]
    assert len(names) >= 60
    assert len(set(names)) == len(names)


def test_where_time_is_short_all_kinds_have_their_turn_early() -> None:
    cases = [Fault(name, "switch", 0.0, kill) for name in ("a, 1", "a, 2", "a, 3", "b, 1", "c")]
    assert [fault.name for fault in spread(cases)] == ["a, 1", "b, 1", "c", "a, 2", "a, 3"]
