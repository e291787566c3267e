"""The record of operations on a host: what was begun, what came of it, and who may go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.remote import oplog
from provisioner.remote.oplog import OpLog, Superseded, open_log


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run.ops")


def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_key_is_claimed_once_and_its_result_is_kept(path: str) -> None:
    log = OpLog(path)
    assert log.claim("a", again=False, durable=True) is None
    log.end("a", {"changed": True, "stdout": "é\udcff"})
    known = log.claim("a", again=False, durable=False)
    assert known is not None
    assert known.ended
    assert known.result == {"changed": True, "stdout": "é\udcff"}


def test_a_second_worker_sees_what_the_first_did_and_owns_the_run_from_then_on(path: str) -> None:
    first = OpLog(path)
    first.claim("a", again=False, durable=False)
    first.end("a", {"rc": 0})
    second = OpLog(path)
    known = second.claim("a", again=False, durable=False)
    assert known is not None
    assert known.result == {"rc": 0}
    first._me = -1  # both are this process; the first is taken for another here
    with pytest.raises(Superseded):
        first.claim("b", again=False, durable=False)


def test_what_a_superseded_worker_still_ends_is_seen_by_its_successor(path: str) -> None:
    first = OpLog(path)
    first.claim("a", again=False, durable=False)
    second = OpLog(path)
    assert not second.look("a").ended
    first.end("a", {"rc": 3})
    assert second.look("a").result == {"rc": 3}


def test_an_operation_whose_worker_died_is_not_alive_and_its_outcome_is_open(path: str) -> None:
    Path(path).write_text(
        json.dumps({"own": dead_pid(), "born": "12", "boot": oplog.boot_id()}) + '\n{"op":"a","pid":1}\n',
        encoding="utf-8",
    )
    log = OpLog(path)
    known = log.claim("a", again=False, durable=False)
    assert known is not None
    assert not known.ended
    assert not log.lives(known)


def test_a_living_worker_of_this_boot_is_alive(path: str) -> None:
    log = OpLog(path)
    log.claim("a", again=False, durable=False)
    assert log.lives(log.look("a"))
    assert not log.began_before_boot(log.look("a"))


def test_a_boot_since_is_noticed(path: str) -> None:
    Path(path).write_text('{"own":1,"born":"1","boot":"another"}\n{"op":"a","pid":1}\n', encoding="utf-8")
    log = OpLog(path)
    assert log.began_before_boot(log.look("a"))
    assert not log.lives(log.look("a"))


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_line_torn_at_any_byte_spoils_no_other(path: str, cut: int) -> None:
    log = OpLog(path)
    log.claim("a", again=False, durable=False)
    log.end("a", {"rc": 0})
    size = Path(path).stat().st_size
    log.claim("b", again=False, durable=False)
    log.end("b", {"rc": 0, "stdout": "something longer"})
    os.truncate(path, size + cut)
    after = OpLog(path)
    known = after.claim("a", again=False, durable=False)
    assert known is not None
    assert known.result == {"rc": 0}
    after.claim("c", again=False, durable=False)
    again = OpLog(path)
    assert again.claim("c", again=False, durable=False) is not None


@pytest.mark.parametrize("line", ["[1]", "7", "null", '{"op":"b"}', '{"own":[]}', '{"end":{}}', '{"op":[],"end":{}}'])
def test_a_line_that_is_no_note_spoils_no_other(path: str, line: str) -> None:
    OpLog(path).claim("a", again=False, durable=False)
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    log = OpLog(path)
    assert log.claim("a", again=False, durable=False) is not None
    assert log.claim("c", again=False, durable=False) is None


def test_a_log_that_cannot_be_owned_is_closed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: OpLog, _note: object) -> None:
        raise OSError(28, "No space left on device")

    before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(OpLog, "_append", full)
    with pytest.raises(OSError, match="No space left"):
        OpLog(path)
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_result_too_large_is_ended_and_not_kept(path: str) -> None:
    log = OpLog(path)
    log.claim("a", again=False, durable=False)
    log.end("a", {"stdout": "x" * (oplog.KEPT_RESULT + 1)})
    known = OpLog(path).claim("a", again=False, durable=False)
    assert known is not None
    assert known.ended
    assert known.result is None


def test_the_log_is_for_its_owner_alone(path: str) -> None:
    OpLog(path)
    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_somebody_else_could_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_all, good = tmp_path / "open", tmp_path / "good"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setattr(oplog, "_folders", lambda: iter([str(open_to_all), str(good)]))
    log = open_log("run-1")
    assert log is not None
    assert Path(log.path).parent == good
    assert good.stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_the_log_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    (folder / "run-1.ops").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(oplog, "_folders", lambda: iter([str(folder)]))
    assert open_log("run-1") is None
    assert not (tmp_path / "elsewhere").exists()


def test_logs_of_long_ago_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    old, other = folder / "old.ops", folder / "notes.txt"
    for each in (old, other):
        each.write_text("", encoding="utf-8")
        os.utime(each, (1, 1))
    monkeypatch.setattr(oplog, "_folders", lambda: iter([str(folder)]))
    assert open_log("run-1") is not None
    assert not old.exists()
    assert other.exists()


def test_what_the_controller_has_is_removed(path: str) -> None:
    log = OpLog(path)
    log.remove()
    assert not Path(path).exists()
