"""What a journal tells a run that goes on from it, whatever it was cut at, and behind runs that went on from others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.journal.journal import Journal
from provisioner.journal.places import FILE
from provisioner.journal.recall import read_recall
from provisioner.model import event
from provisioner.model.event import Event
from provisioner.model.recall import Recall
from provisioner.model.status import Status

PLACE = "op", "h1"


def began(run: str, resumes: str = "", unknown: str = "stop") -> event.RunStarted:
    options = {"inputs": {}, **({"resumes": resumes, "unknown": unknown} if resumes else {})}
    return event.RunStarted(run, 1.0, "1", ("site.yml",), ("hosts",), "me", options)


def planned(action: str = "command", *, check: bool = False) -> event.OperationPlanned:
    return event.OperationPlanned("op", "p", "name", action, "site.yml:1:1", check=check)


def started() -> event.OperationStarted:
    return event.OperationStarted("op", "h1", "name", 1.0)


def plugin() -> event.PluginStarted:
    return event.PluginStarted("op", "h1", "mine.py", 1.0)


def item(number: int, status: Status = Status.OK) -> event.ItemFinished:
    result = {"item": number, "failed": status is Status.FAILED}
    return event.ItemFinished("op", "h1", number, status, result, 1.0)


def ended(status: Status, result: dict[str, object] | None = None, **more: object) -> event.OperationFinished:
    return event.OperationFinished("op", "h1", status, result or {}, 1.0, 0.1, **more)  # type: ignore[arg-type]


def write(folder: Path, run: str, *events: Event) -> Path:
    first, *rest = events
    assert isinstance(first, event.RunStarted)
    journal = Journal.create(folder / run, first)
    for each in rest:
        journal.write(each)
    journal.close()
    return folder / run / FILE


def recall_of(folder: Path, *runs: tuple[Event, ...]) -> Recall:
    """Return what is known behind the last of some runs; each is told by its events behind the first."""
    path = folder
    for number, events in enumerate(runs, start=1):
        path = write(folder, f"r{number}", began(f"r{number}", f"r{number - 1}" if number > 1 else ""), *events)
    return read_recall(path, {"PROVISIONER_STATE_DIR": str(folder)})


def test_what_the_first_run_did_is_known_although_the_second_was_killed_before_it_told_of_it(tmp_path: Path) -> None:
    recall = recall_of(tmp_path, (planned(), ended(Status.CHANGED, {"rc": 0})), ())
    known = recall.look(*PLACE)
    assert known is not None
    assert known.result == {"rc": 0}
    assert recall.started.run == "r2"


def test_what_the_second_run_told_again_counts_once(tmp_path: Path) -> None:
    first = (planned(), ended(Status.CHANGED, {"time": 1}), ended(Status.CHANGED, {"time": 2}))
    recall = recall_of(tmp_path, first, (planned(), ended(Status.CHANGED, {"time": 1}, recalled=True)), ())
    assert [each.result["time"] for each in recall.ended[PLACE]] == [1, 2]


def test_tries_are_counted_over_all_runs_so_that_a_host_is_asked_under_a_new_key(tmp_path: Path) -> None:
    recall = recall_of(tmp_path, (planned(), ended(Status.FAILED)), (planned(), ended(Status.FAILED)), ())
    assert recall.tried[PLACE] == 2
    assert recall.look(*PLACE) is None


def test_what_was_decided_about_the_unknown_still_counts_when_the_run_that_knew_it_was_killed(tmp_path: Path) -> None:
    write(tmp_path, "r1", began("r1"), planned(), started(), ended(Status.LOST))
    for answer, tries, is_done in (("again", 1, False), ("done", 0, True), ("stop", 0, False), ("odd", 0, False)):
        path = write(tmp_path, f"r2-{answer}", began(f"r2-{answer}", "r1", answer))
        recall = read_recall(path, {"PROVISIONER_STATE_DIR": str(tmp_path)})
        assert (recall.tried.get(PLACE, 0), recall.look(*PLACE) is not None) == (tries, is_done)
        assert (PLACE in recall.unknown) == (answer in ("stop", "odd"))


def test_a_run_that_goes_on_from_one_that_is_gone_is_refused_and_says_which(tmp_path: Path) -> None:
    path = write(tmp_path, "r2", began("r2", "r1"))
    with pytest.raises(InputError, match="run r2 goes on from run r1, and that one's journal is not there"):
        read_recall(path, {})


def test_journals_that_name_each_other_do_not_go_round_for_ever(tmp_path: Path) -> None:
    write(tmp_path, "r1", began("r1", "r2"))
    with pytest.raises(InputError, match="is not there"):
        read_recall(write(tmp_path, "r2", began("r2", "r1")), {})


def test_a_plugin_that_was_under_way_is_unknown_and_one_that_ended_is_not(tmp_path: Path) -> None:
    cut = recall_of(tmp_path / "cut", (planned("mine"), started(), plugin()))
    assert "the action plugin mine.py was under way" in str(cut.unknown[PLACE].result["msg"])
    whole = recall_of(tmp_path / "whole", (planned("mine"), started(), plugin(), ended(Status.OK)))
    assert whole.unknown == {}
    looked = recall_of(tmp_path / "check", (planned("mine", check=True), started(), plugin()))
    assert looked.unknown == {}


def test_a_loop_of_a_plugin_goes_on_behind_the_items_that_are_done(tmp_path: Path) -> None:
    between = recall_of(tmp_path / "between", (planned("mine"), started(), plugin(), item(0), plugin(), item(1)))
    assert (between.unknown, sorted(between.items[PLACE]), between.tried[PLACE]) == ({}, [0, 1], 1)
    within = recall_of(tmp_path / "within", (planned("mine"), started(), plugin(), item(0), plugin()))
    assert (PLACE in within.unknown, sorted(within.items[PLACE])) == (True, [0])
    failing = item(0, Status.FAILED)
    kept = recall_of(tmp_path / "kept", (planned("mine"), started(), plugin(), failing, plugin(), item(1)))
    assert sorted(kept.items[PLACE]) == [1]


def test_a_loop_of_a_plugin_that_was_stopped_goes_on_behind_the_items_that_are_done(tmp_path: Path) -> None:
    stopped = ended(Status.FAILED, {"interrupted": True})
    recall = recall_of(tmp_path, (planned("mine"), started(), plugin(), item(0), stopped))
    assert (recall.unknown, sorted(recall.items[PLACE]), recall.tried[PLACE]) == ({}, [0], 1)


def test_of_a_loop_of_raw_commands_the_one_under_way_is_unknown_and_those_before_are_not(tmp_path: Path) -> None:
    recall = recall_of(tmp_path, (planned("raw"), started(), item(0), item(1)))
    assert (PLACE in recall.unknown, sorted(recall.items[PLACE])) == (True, [0, 1])


def test_a_try_of_a_plugin_that_did_not_suffice_is_over(tmp_path: Path) -> None:
    waiting = (planned("mine"), started(), plugin(), event.Retrying("op", "h1", 1, 3, 5.0, 1.0))
    assert recall_of(tmp_path / "waiting", waiting).unknown == {}
    assert PLACE in recall_of(tmp_path / "again", (*waiting, plugin())).unknown


def test_a_journal_cut_at_any_byte_knows_what_its_whole_lines_say(tmp_path: Path) -> None:
    path = write(
        tmp_path, "r1", began("r1"), planned(), started(), ended(Status.CHANGED, {"rc": 0}),
        event.OperationPlanned("op2", "p", "other", "raw", "x"), event.OperationStarted("op2", "h1", "x", 2.0),
        event.RunFinished("r1", 2, 3.0, 2.0, {}, ""),
    )  # fmt: skip
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        count = whole[:cut].count(b"\n")
        if count == 0:
            with pytest.raises(InputError, match="ended before it began"):
                read_recall(path, {})
            continue
        recall = read_recall(path, {})
        assert (recall.look(*PLACE) is not None) == (count >= 4), cut
        assert (("op2", "h1") in recall.unknown) == (count >= 6), cut
        assert (recall.finished is not None) == (count == len(lines)), cut


@pytest.mark.parametrize(
    ("field", "value"), [("options", []), ("options", None), ("playbooks", 5), ("type", "Nonsense"), ("type", None)]
)
def test_a_line_of_another_shape_is_damage_and_not_a_defect(tmp_path: Path, field: str, value: object) -> None:
    path = write(tmp_path, "r1", began("r1"))
    line = {**json.loads(path.read_bytes()), field: value}
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(InputError, match="the journal is damaged or was changed"):
        read_recall(path, {})


@pytest.mark.parametrize("field", ["operation", "host", "action"])
def test_a_name_that_is_no_text_is_read_as_text(tmp_path: Path, field: str) -> None:
    path = write(tmp_path, "r1", began("r1"), planned("raw"), started(), ended(Status.OK))
    lines = [json.loads(each) for each in path.read_bytes().splitlines()]
    previous = ""
    for line in lines:
        if field in line:
            line[field] = ["x", {}]
        line["prev"] = previous
        previous = hashlib.sha256(json.dumps(line).encode()).hexdigest()
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_recall(path, {}).started.run == "r1"


def kept_run(folder: Path, *events: Event) -> Path:
    """Write a run whose results were secret: the journal has them masked, and says that they are kept elsewhere."""
    journal = Journal.create(folder / "r1", began("r1"))
    for each in events:
        journal.write(each, is_kept=isinstance(each, (event.OperationFinished, event.Answered)))
    journal.close()
    return folder / "r1" / FILE


def test_a_result_whose_secrets_were_lost_is_not_taken_for_the_masked_one(tmp_path: Path) -> None:
    masked = ended(Status.CHANGED, {"stdout": "********"}, effects={"registered": ["x"]})
    recall = read_recall(kept_run(tmp_path, planned(), started(), masked), {"PROVISIONER_STATE_DIR": str(tmp_path)})
    assert recall.look(*PLACE) is None
    assert "what came of it was secret" in str(recall.unknown[PLACE].result["msg"])


def test_a_failure_stays_one_and_an_answer_is_asked_for_again_where_their_secrets_were_lost(tmp_path: Path) -> None:
    failed, answered = ended(Status.FAILED, {"msg": "********"}), event.Answered("p", "word", "********", 1.0)
    recall = read_recall(kept_run(tmp_path, planned(), failed, answered), {"PROVISIONER_STATE_DIR": str(tmp_path)})
    assert (recall.tried[PLACE], recall.answers) == (1, {})


def test_what_is_kept_beside_a_journal_is_on_the_disk_before_lines_that_rely_on_it(tmp_path: Path) -> None:
    order: list[str] = []
    journal = Journal.create(tmp_path / "r1", began("r1"))
    journal.before_sync = lambda: order.append("kept")
    journal.write(event.RunFinished("r1", 0, 3.0, 2.0, {}, ""))
    assert order == ["kept"]
    journal.close()
