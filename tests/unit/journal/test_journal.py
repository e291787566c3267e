"""The journal: written as promised, read back equal, damage found."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError, UnmetNeed
from provisioner.journal import journal as journal_file
from provisioner.journal.journal import Journal
from provisioner.journal.places import new_run_id, runs_dir, state_dir
from provisioner.journal.replay import Verdict, ends, replay, verify
from provisioner.model import event as e
from provisioner.model.encoding import EVENT_TYPES
from provisioner.model.status import Status

STARTED = e.RunStarted("r1", 1.0, "0.1.0", ("site.yml",), ("hosts",), "ann", {"check": True})
STATS = {"h1": e.HostStats(ok=2, changed=1), "h2": e.HostStats(unreachable=1)}
ONE_OF_EACH: tuple[e.Event, ...] = (
    e.PlayStarted("p0", "web", ("h1", "h2"), 2.0, 1, 3, "free", 7),
    e.OperationPlanned("o1", "p0", "install", "apt", "site.yml:3", "nginx", True, ("a", "b")),
    e.OperationStarted("o1", "h1", "install nginx", 3.0, True, "h2"),
    e.PluginStarted("o1", "h1", "action_plugins/mine.py", 3.5),
    e.ItemFinished("o1", "h1", {"name": "é"}, Status.CHANGED, {"rc": 0, "l": [1, {"x": None}]}, 4.0),
    e.Retrying("o1", "h1", 1, 3, 5.0, 4.5),
    e.OutputReceived("o1", "h1", "stdout", "half\udc80"),
    e.OperationFinished("o1", "h1", Status.FAILED, {"msg": "no", "failed": True}, 5.0, 1.5, "", {"facts": {"a": 1}}),
    e.HandlerOwed("h0", "h1", "failed before", 6.0),
    e.CheckFinished("o1", "h1", "port 80", False, "open", "closed", "site.yml:9", 6.0, 0.1),
    e.Noted("warning", "hm", 6.5, "h1", "o1"),
    e.Prompted("user", "Who are you?", 6.6),
    e.Answered("p0", "user", "ann", 6.7, False),
    e.FileRead("/site/motd.j2", "da39a3ee", 6.8),
    e.PlayFinished("p0", 0, 7.0, True),
    e.RunFinished("r1", 2, 8.0, 7.0, STATS, "hosts failed"),
)


def written(folder: Path, *events: e.Event) -> Path:
    journal = Journal.create(folder, STARTED)
    for event in events:
        journal.write(event)
    journal.close()
    return journal.path


def test_every_kind_of_event_is_read_back_equal(tmp_path: Path) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    assert tuple(replay(path)) == (STARTED, *ONE_OF_EACH)
    assert {type(x).__name__ for x in (STARTED, *ONE_OF_EACH)} == set(EVENT_TYPES)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = written(tmp_path / "state" / "r1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_lines_are_numbered_versioned_and_typed(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in written(tmp_path / "r1", *ONE_OF_EACH).read_text().splitlines()]
    assert [line["n"] for line in lines] == list(range(1, len(ONE_OF_EACH) + 2))
    assert {line["v"] for line in lines} == {1}
    assert lines[0]["type"] == "RunStarted"
    assert lines[0]["prev"] == ""


def test_a_value_json_has_no_form_for_is_written_as_text(tmp_path: Path) -> None:
    odd = e.OperationFinished("o", "h", Status.OK, {"set": {1}, "bytes": b"\xff", ("a", 1): object}, 1.0)
    result = list(replay(written(tmp_path / "r1", odd)))[1].result  # type: ignore[union-attr]
    assert result["set"] == [1]
    assert result["bytes"] == "\\xff"
    assert "('a', 1)" in result


def test_a_run_is_recorded_once(tmp_path: Path) -> None:
    written(tmp_path / "r1")
    with pytest.raises(UnmetNeed, match=r"cannot create the journal .*PROVISIONER_STATE_DIR"):
        Journal.create(tmp_path / "r1", STARTED)


def test_a_torn_last_line_is_dropped_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    whole = path.read_bytes()
    last = len(whole.rstrip(b"\n").rpartition(b"\n")[2])
    for cut in (1, 5, last):
        path.write_bytes(whole[:-cut])
        replayed = replay(path)
        assert len(list(replayed)) == len(ONE_OF_EACH)
        assert replayed.torn_bytes == last + 1 - cut
        assert verify(path) == Verdict(len(ONE_OF_EACH), last + 1 - cut)


def test_a_changed_line_is_found(tmp_path: Path) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    path.write_text(path.read_text().replace("install nginx", "install apache"))
    with pytest.raises(InputError, match=r"journal\.jsonl:5:1: error: the journal is damaged or was changed"):
        verify(path)


def test_a_removed_line_is_found(tmp_path: Path) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))
    with pytest.raises(InputError, match="it says it is event 5, but it is line 4"):
        verify(path)


@pytest.mark.parametrize("text", ["nonsense\n", "[]\n", '{"v":1,"n":1,"prev":"","type":"Odd"}\n'])
def test_what_is_no_journal_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=r"journal\.jsonl:1:1"):
        list(replay(path))


def test_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"v":2,"n":1}\n')
    with pytest.raises(InputError, match=r"has format 2; this provisioner reads formats up to 1"):
        list(replay(path))


def test_a_missing_journal_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the journal"):
        list(replay(tmp_path / "none"))


def test_ends_reads_first_and_last_event_only(tmp_path: Path) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    assert ends(path).finished == ONE_OF_EACH[-1]
    big = e.OperationFinished("o", "h", Status.OK, {"stdout": "x" * 300_000}, 1.0)
    many = {f"h{n}": e.HostStats(ok=n) for n in range(3000)}
    last = e.RunFinished("r2", 0, 2.0, 1.0, many)
    assert ends(written(tmp_path / "r2", big, last)).finished == last
    assert ends(written(tmp_path / "r3", big)).finished is None
    assert ends(written(tmp_path / "r4")).finished is None
    assert ends(path).started == STARTED


class Syncs:
    """Counts syncs and makes each take ``seconds`` of a clock moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.count, self.seconds = 100.0, 0, 0.001
        monkeypatch.setattr(journal_file.os, "fdatasync", self._sync)

    def _sync(self, _descriptor: int) -> None:
        self.count += 1
        self.now += self.seconds

    def clock(self) -> float:
        return self.now


def finished(status: Status) -> e.OperationFinished:
    return e.OperationFinished("o", "h", status, {}, 1.0)


def test_what_changed_something_is_synced_at_most_every_50_ms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = Syncs(monkeypatch)
    journal = Journal.create(tmp_path / "r1", STARTED, syncs.clock)
    assert syncs.count == 1
    for _ in range(10):
        journal.write(finished(Status.CHANGED))
    assert syncs.count == 1
    syncs.now += 0.06
    journal.tick()
    assert syncs.count == 2
    journal.tick()
    syncs.now += 1
    journal.write(finished(Status.OK))
    assert syncs.count == 2
    journal.write(finished(Status.FAILED))
    assert syncs.count == 3
    journal.write(ONE_OF_EACH[-1])
    assert syncs.count == 4


def test_a_slow_disk_is_synced_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = Syncs(monkeypatch)
    syncs.seconds = 0.5
    journal = Journal.create(tmp_path / "r1", STARTED, syncs.clock)
    syncs.now += 4
    journal.write(finished(Status.CHANGED))
    assert syncs.count == 1
    syncs.now += 2
    journal.tick()
    assert syncs.count == 2


def test_a_full_disk_is_an_unmet_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.create(tmp_path / "r1", STARTED)
    real = journal_file.os.write

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_file.os, "write", full)
    with pytest.raises(UnmetNeed, match=r"cannot write the journal .*No space left"):
        journal.write(finished(Status.OK))
    monkeypatch.setattr(journal_file.os, "write", real)
    journal.close()


def test_a_write_the_kernel_takes_in_parts_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = journal_file.os.write
    monkeypatch.setattr(journal_file.os, "write", lambda fd, data: real(fd, bytes(data[:7])))
    assert len(list(replay(written(tmp_path / "r1", *ONE_OF_EACH)))) == len(ONE_OF_EACH) + 1


def test_state_is_kept_where_the_environment_says() -> None:
    assert state_dir({"PROVISIONER_STATE_DIR": "/a", "XDG_STATE_HOME": "/b"}) == Path("/a")
    assert state_dir({"XDG_STATE_HOME": "/b", "HOME": "/h"}) == Path("/b/provisioner")
    assert state_dir({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/provisioner")
    assert runs_dir({"HOME": "/h"}) == Path("/h/.local/state/provisioner/runs")


def test_run_names_sort_by_time() -> None:
    ids = [new_run_id(at) for at in (0, 1, 60, 1e9, 2e9)]
    assert ids == sorted(ids)
    assert ids[0].startswith("19700101-000000-")
    assert len({new_run_id(5.0) for _ in range(50)}) > 40


def test_the_last_run_sorts_last_also_when_the_clock_was_set_back(tmp_path: Path) -> None:
    made = []
    for at in (1e9, 1e9, 1e9 - 86400, 1e9 + 5, 5.0):
        made.append(new_run_id(at, tmp_path))
        (tmp_path / made[-1]).mkdir()
        (tmp_path / made[-1] / "journal.jsonl").touch()
    assert made == sorted(made)
    (tmp_path / "zzz of somebody else").mkdir()
    (tmp_path / "zzz of somebody else" / "journal.jsonl").touch()
    assert new_run_id(7.0, tmp_path).startswith("19700101-000007")


def only_ends(kind: str, _line: bytes) -> bool:
    return kind == "OperationFinished"


def test_lines_that_do_not_matter_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    found = [type(event).__name__ for event in replay(path, only_ends)]
    assert found == ["OperationFinished"]


@pytest.mark.parametrize("damage", [
    lambda lines: lines[:3] + lines[4:],
    lambda lines: [line.replace(b"install nginx", b"install apache") for line in lines],
    lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
])  # fmt: skip
def test_damage_in_lines_that_do_not_matter_is_found(
    tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = written(tmp_path / "r1", *ONE_OF_EACH)
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(InputError, match=r"it says it is event|the journal is damaged"):
        list(replay(path, only_ends))
