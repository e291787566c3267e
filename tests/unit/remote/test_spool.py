"""What an operation says is kept for a while: from the place on where its controller stopped hearing, and bounded."""

from __future__ import annotations

from pathlib import Path

from provisioner.remote.spool import KEPT, Listening, Spool


def test_one_operation_is_followed_from_the_place_where_it_was_last_heard(tmp_path: Path) -> None:
    path = str(tmp_path / "run.said")
    spool = Spool(path)
    for number in range(3):
        spool.keep("a", "stdout", f"{number}\n")
        spool.keep("b", "stdout", "of another\n")
    said = Listening(path, "a", skip=1)
    assert said.more() == [("stdout", "1\n"), ("stdout", "2\n")]
    spool.keep("a", "stderr", "later\n")
    assert said.more() == [("stderr", "later\n")]
    assert said.more() == []


def test_more_may_be_skipped_than_is_there_yet(tmp_path: Path) -> None:
    spool, said = Spool(str(tmp_path / "s")), Listening(str(tmp_path / "s"), "a", skip=2)
    assert said.more() == []
    for number in range(4):
        spool.keep("a", "stdout", str(number))
        said_now = said.more()
        assert said_now == ([("stdout", str(number))] if number >= 2 else [])


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "s"
    Spool(str(path)).keep("a", "stdout", "whole")
    with path.open("ab") as stream:
        stream.write(b'["a","stdo\n["a"')
    assert Listening(str(path), "a", 0).more() == [("stdout", "whole")]


def test_no_more_is_kept_of_one_operation_than_there_is_room_for(tmp_path: Path) -> None:
    path = tmp_path / "s"
    spool = Spool(str(path))
    for _ in range(10):
        spool.keep("a", "stdout", "x" * (KEPT // 4))
    spool.keep("b", "stdout", "small")
    assert path.stat().st_size < KEPT * 1.1
    assert Listening(str(path), "b", 0).more() == [("stdout", "small")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_there_is_no_room_nothing_is_kept_behind_the_gap(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path / "no folder" / "s"))
    spool.keep("a", "stdout", "lost")
    (tmp_path / "no folder").mkdir()
    spool.keep("a", "stdout", "behind it")
    assert Listening(spool.path, "a", 0).more() == []
