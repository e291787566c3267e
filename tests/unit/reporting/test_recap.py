"""The recap counts as ansible-playbook counts."""

from __future__ import annotations

import pytest

from provisioner.model import event as e
from provisioner.model.event import HostStats
from provisioner.model.status import Status
from provisioner.reporting.paint import Paint
from provisioner.reporting.recap import Recap
from provisioner.reporting.wording import recap_line


def counted(
    status: Status, result: dict[str, object] | None = None, effects: dict[str, object] | None = None
) -> HostStats:
    recap = Recap()
    recap.add(e.PlayStarted("p", "p", ("h",), 1.0))
    recap.add(e.OperationFinished("o", "h", status, result or {}, 1.0, effects=effects or {}))
    return recap.stats.get("h", HostStats())


@pytest.mark.parametrize(
    ("status", "result", "effects", "row"),
    [
        (Status.OK, {}, {}, HostStats(ok=1)),
        (Status.CHANGED, {}, {}, HostStats(ok=1, changed=1)),
        (Status.SKIPPED, {}, {}, HostStats(skipped=1)),
        (Status.FAILED, {}, {}, HostStats(failed=1)),
        (Status.FAILED, {}, {"rescued": True}, HostStats(rescued=1)),
        (Status.IGNORED, {}, {}, HostStats(ok=1, ignored=1)),
        (Status.IGNORED, {"changed": True}, {}, HostStats(ok=1, changed=1, ignored=1)),
        (Status.UNREACHABLE, {}, {}, HostStats(unreachable=1)),
        (Status.LOST, {}, {}, HostStats(unreachable=1)),
        (Status.BYPASSED, {}, {}, HostStats()),
        (Status.NOT_RUN, {}, {}, HostStats()),
    ],
)
def test_each_final_state_counts_in_its_columns(
    status: Status, result: dict[str, object], effects: dict[str, object], row: HostStats
) -> None:
    assert counted(status, result, effects) == row


def test_steering_tasks_are_not_counted() -> None:
    recap = Recap()
    recap.add(e.OperationPlanned("o", "p", "", "meta", "x:1"))
    recap.add(e.OperationFinished("o", "h", Status.OK, {}, 1.0))
    assert recap.stats == {}


def test_a_recorded_run_is_counted_as_it_says_itself(events: list[e.Event]) -> None:
    recap = Recap()
    for event in events:
        recap.add(event)
    last = events[-1]
    assert isinstance(last, e.RunFinished)
    assert recap.stats == last.stats


def test_a_row_has_ansibles_columns_exactly() -> None:
    line = recap_line("localhost", HostStats(4, 2, 0, 1, 1, 1, 1), Paint(is_coloured=False))
    assert line == (
        "localhost                  : ok=4    changed=2    unreachable=0    failed=1    "
        "skipped=1    rescued=1    ignored=1   "
    )
