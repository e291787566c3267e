"""A play outside its window is not begun; what is open, when and why not is listed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from provisioner.app.credentials import Credentials
from provisioner.app.history import journal_of
from provisioner.app.resume import Resuming, resume
from provisioner.app.run import run_playbooks
from provisioner.cli.main import main
from provisioner.diagnostics.errors import Exit
from provisioner.journal import chronicle
from provisioner.journal.replay import replay
from provisioner.migration.stages import CUTOVER, GO_BACK
from provisioner.model import event
from provisioner.model.options import RunOptions
from provisioner.reporting.calendar_text import Entry, calendar_text
from tests.support.fakes import EventRecorder

Write = Callable[[str], None]
NOW = datetime.now(UTC)
OPEN = f"{{from: {NOW - timedelta(hours=1):%Y-%m-%dT%H:%MZ}, until: {NOW + timedelta(hours=1):%Y-%m-%dT%H:%MZ}}}"
SHUT = f"{{from: {NOW + timedelta(hours=2):%Y-%m-%dT%H:%MZ}, until: {NOW + timedelta(hours=3):%Y-%m-%dT%H:%MZ}}}"
OVER = f"{{from: {NOW - timedelta(hours=2):%Y-%m-%dT%H:%MZ}, until: {NOW - timedelta(hours=1):%Y-%m-%dT%H:%MZ}}}"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))

    def write_site(window: str) -> None:
        (tmp_path / "site.yml").write_text(
            "- {name: first, hosts: one, gather_facts: false, tasks: [{name: a, debug: {msg: a}}]}\n"
            f"- name: second\n  hosts: two\n  gather_facts: false\n  window: {window}\n"
            "  tasks: [{name: b, command: 'true'}]\n"
        )
        (tmp_path / "hosts").write_text("one ansible_connection=local\ntwo ansible_connection=local\n")

    return write_site


def run(recorder: EventRecorder, **more: object) -> int:
    options = RunOptions(inventories=("hosts",), **more)  # type: ignore[arg-type]
    return run_playbooks(["site.yml"], options, Credentials(), [recorder], lambda _question, _secret: "")


def plays(recorder: EventRecorder) -> list[str]:
    return [each.name for each in recorder.events if isinstance(each, event.PlayStarted)]


def test_a_play_inside_its_window_runs(write: Write) -> None:
    write(OPEN)
    recorder = EventRecorder()
    assert run(recorder) == 0
    assert plays(recorder) == ["first", "second"]


def test_a_play_outside_its_window_is_not_begun_and_the_run_ends_with_a_code_of_its_own(write: Write) -> None:
    write(SHUT)
    recorder = EventRecorder()
    assert run(recorder) == Exit.WINDOW_SHUT == 6
    assert plays(recorder) == ["first"]
    finished = recorder.events[-1]
    assert isinstance(finished, event.RunFinished)
    assert finished.reason.startswith("play 'second' may not start now: its window is shut; it opens ")
    (minutes,) = re.findall(r", in (\d+) minutes \(", finished.reason)
    opens = (NOW + timedelta(hours=2)).replace(second=0, microsecond=0)
    assert 0 <= int(minutes) * 60 - (opens - datetime.now(UTC)).total_seconds() < 90
    (note,) = [each for each in recorder.events if isinstance(each, event.Noted) and each.severity == "error"]
    assert note.text.endswith("--ignore-window REASON")


def test_a_window_that_is_over_is_said_to_open_never_again(write: Write) -> None:
    write(OVER)
    recorder = EventRecorder()
    assert run(recorder) == 6
    finished = recorder.events[-1]
    assert isinstance(finished, event.RunFinished)
    assert finished.reason.endswith("its window is shut and does not open again")


def test_a_reason_opens_the_window_and_is_in_the_journal(write: Write, tmp_path: Path) -> None:
    write(SHUT)
    recorder = EventRecorder()
    assert run(recorder, ignore_window="outage 4711") == 0
    assert plays(recorder) == ["first", "second"]
    written = list(replay(journal_of("last", {"PROVISIONER_STATE_DIR": str(tmp_path / "state")})))
    assert isinstance(written[0], event.RunStarted)
    assert written[0].options["ignore_window"] == "outage 4711"
    notes = [each.text for each in written if isinstance(each, event.Noted)]
    assert any(text.endswith("started all the same: outage 4711") for text in notes)


def test_check_mode_changes_nothing_and_needs_no_window(write: Write) -> None:
    write(SHUT)
    recorder = EventRecorder()
    assert run(recorder, check=True) == 0
    assert plays(recorder) == ["first", "second"]


def test_a_play_without_hosts_left_needs_no_window(write: Write) -> None:
    write(SHUT)
    assert run(EventRecorder(), limit="one") == 0


def test_a_run_that_was_held_goes_on_when_it_is_resumed_with_a_reason(write: Write) -> None:
    write(SHUT)
    assert run(EventRecorder()) == 6
    ask = lambda _question, _secret: ""  # noqa: E731
    assert resume("last", Resuming(), Credentials(), [], ask) == 6
    recorder = EventRecorder()
    assert resume("last", Resuming(ignore_window="agreed"), Credentials(), [recorder], ask) == 0
    done = [each for each in recorder.events if isinstance(each, event.OperationFinished)]
    assert [(each.host, each.recalled) for each in done] == [("one", True), ("two", False)]


def test_the_reason_of_one_run_does_not_count_for_its_resumption(write: Write) -> None:
    write(SHUT)
    text = Path("site.yml").read_text()
    Path("site.yml").write_text(text.replace("command: 'true'", "command: 'test -e done'"))
    assert run(EventRecorder(), ignore_window="once") == 2
    assert resume("last", Resuming(), Credentials(), [], lambda _question, _secret: "") == 6


def test_a_play_that_was_done_before_is_no_reason_to_hold_a_resumed_run(write: Write) -> None:
    write(OPEN)
    text = Path("site.yml").read_text()
    third = "- {name: third, hosts: one, gather_facts: false, tasks: [{name: c, command: 'test -e done'}]}\n"
    Path("site.yml").write_text(text + third)
    assert run(EventRecorder()) == 2
    Path("site.yml").write_text((text + third).replace(OPEN, OVER))
    Path("done").touch()
    assert resume("last", Resuming(adopt=True), Credentials(), [], lambda _question, _secret: "") == 0


# ---------------------------------------------------------------- the list


NIGHTS = '{cron: "0 22 * * sat", duration: 4h, zone: Europe/Berlin, except: [2026-11-28]}'
AFTER = "2026-11-22T06:00+00:00"


def test_the_next_windows_are_listed_with_what_is_frozen(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(NIGHTS)
    assert main(["windows", "site.yml", "-n", "1", "--after", AFTER]) == 0
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()] == [
        "play 'second' (site.yml:2:3)",
        "Sat 2026-11-28 22:00 CET to Sun 2026-11-29 02:00 CET 4 h frozen: 2026-11-28",
        "Sat 2026-12-05 22:00 CET to Sun 2026-12-06 02:00 CET 4 h in 13 d 15 h",
    ]


def test_a_play_is_found_by_its_name_and_times_are_shown_in_another_zone(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(NIGHTS)
    assert main(["windows", "second", "-n", "1", "--after", "2026-03-28T22:00Z", "--zone", "America/New_York"]) == 0
    out = capsys.readouterr().out
    assert "open until Sat 2026-03-28 21:00 EDT: 3 h left" in out
    assert "now; the clock is changed within" in out


def test_as_json_times_have_their_offset(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(NIGHTS)
    assert main(["windows", "site.yml", "-n", "1", "--after", "2026-03-28T20:00Z", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["name"], found["open"]) == ("play", "second", False)
    assert found["openings"] == [
        {"start": "2026-03-28T22:00:00+01:00", "end": "2026-03-29T03:00:00+02:00", "zone": "Europe/Berlin",
         "length_s": 14400.0, "frozen": []}
    ]  # fmt: skip


def test_the_exit_code_tells_whether_it_is_open(write: Write) -> None:
    write(NIGHTS)
    assert main(["windows", "site.yml", "--is-open", "--after", "2026-03-28T22:00Z"]) == 0
    assert main(["windows", "site.yml", "--is-open", "--after", AFTER]) == 6


def test_the_export_is_a_calendar_without_what_is_frozen(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(NIGHTS)
    assert main(["windows", "site.yml", "-n", "2", "--after", AFTER, "--ical"]) == 0
    events = Calendar.from_ical(capsys.readouterr().out).walk("VEVENT")
    assert [event.decoded("DTSTART") for event in events] == [
        datetime(2026, 12, 5, 21, tzinfo=UTC), datetime(2026, 12, 12, 21, tzinfo=UTC),
    ]  # fmt: skip


SHOP = """- migration: shop
  hosts: {old: one, new: two}
  window: {cron: "0 22 * * sat", duration: 4h, zone: Europe/Berlin}
  data:
    - name: uploads
      files: {paths: [/srv/uploads]}
"""


def test_a_rehearsed_migration_is_listed_with_its_latest_safe_start(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(NIGHTS)
    Path("shop.yml").write_text(SHOP)
    assert main(["windows", "shop", "-n", "1", "--after", AFTER]) == 0
    assert "start by" not in capsys.readouterr().out
    place = tmp_path / "state/migrations/shop/record.jsonl"
    with chronicle.opened(place) as record:
        record.add("began", "ann", phase="rehearse")
        for stage in CUTOVER:
            record.add("stage", "ann", stage=f"forward: {stage}", seconds=60.0)
        for stage in GO_BACK:
            record.add("stage", "ann", stage=f"back: {stage}", seconds=120.0)
        record.add("ended", "ann", ok=True, fingerprint="x")
    assert main(["windows", "shop", "-n", "1", "--after", AFTER]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == "moving takes 15 min and going back 15 min, nine times of ten"
    assert lines[3] == "start by Sun 2026-11-29 01:30 CET; go back by Sun 2026-11-29 01:45 CET"
    assert main(["windows", "shop", "-n", "1", "--after", AFTER, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["openings"][0]["latest_start"] == "2026-11-29T01:30:00+01:00"
    Path("shop.yml").write_text(SHOP.replace("4h", "20m"))
    assert main(["windows", "shop", "-n", "1", "--after", AFTER]) == 0
    assert "too short by 10 min to move and to go back" in capsys.readouterr().out


def test_what_has_no_window_is_said(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(NIGHTS)
    assert main(["windows", "first"]) == 4
    assert "first: no play or migration in . or playbooks has that name and a window" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["windows", "site.yml", "--after", "soon"])


def test_long_and_odd_texts_survive_the_export() -> None:
    title = "Wartung; Büro, \\ " + "ü" * 80
    text = calendar_text([Entry(title, NOW, NOW + timedelta(hours=1), "two\nlines")], NOW)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    (found,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(found["SUMMARY"]) == title
    assert str(found["DESCRIPTION"]) == "two\nlines"
