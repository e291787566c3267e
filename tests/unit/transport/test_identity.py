"""What a second run is told of the one that has a host."""

from __future__ import annotations

import pytest

from provisioner.transport.identity import held_by


def test_the_second_is_told_who_has_the_host_since_when_and_for_what() -> None:
    holder = {"run": "r1", "owner": "ann@desk", "reason": "site.yml", "since": 1792000000.0, "pid": 7, "uid": 0}
    assert held_by(holder) == (
        "run r1, owner ann@desk, reason site.yml, since 2026-10-14 17:46:40Z (process 7 of user 0 there)"
    )


@pytest.mark.parametrize("since", [None, "x", -5, 0, 1e300, float("nan"), []])
def test_a_time_that_is_none_is_left_out(since: object) -> None:
    assert held_by({"since": since, "pid": 7, "uid": 1000}) == "somebody (process 7 of user 1000 there)"
