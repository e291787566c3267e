"""A directory from a stream of tar: what differs is written, nothing leads out of it, a break leaves no half a file."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.system.patterns import Patterns
from provisioner.remote.tar_stream import Slowly, Taking, Wanted


@pytest.fixture(name="source")
def a_tree(tmp_path: Path) -> Path:
    top = tmp_path / "source"
    (top / "-dir" / "deep").mkdir(parents=True)
    for name in (b"new\nline", b"--delete", b"latin \xe9", b"-dir/deep/inner", b"skip.tmp"):
        Path(os.fsdecode(os.fsencode(top) + b"/" + name)).write_bytes(name)
    os.link(top / "--delete", top / "hard")
    (top / "link").symlink_to("nowhere")
    os.setxattr(top / "--delete", "user.note", b"\0\xff")
    (top / "--delete").chmod(0o4640)
    os.mkfifo(top / "pipe")
    return top


def packed(source: Path) -> bytes:
    options = ["--format=posix", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--sort=name"]
    return subprocess.run(["tar", *options, "-C", source, "-cf", "-", "."], check=True, capture_output=True).stdout


def take(
    data: bytes, top: Path, *, delete: bool = False, compare: bool = False, exclude: tuple[str, ...] = ()
) -> Taking:
    top.mkdir(exist_ok=True)
    taking = Taking(Wanted(os.fsencode(top), Patterns(exclude=exclude).leaves_out(), delete, compare))
    taking.take(io.BytesIO(data))
    return taking


def test_everything_arrives_and_the_second_time_nothing_is_left_to_do(source: Path, tmp_path: Path) -> None:
    first = take(packed(source), tmp_path / "new")
    again = take(packed(source), tmp_path / "new", delete=True)

    assert (first.files, first.total_files) == (5, 6)
    assert again.changes == 0, again.names
    new = tmp_path / "new"
    assert (new / "--delete").stat().st_ino == (new / "hard").stat().st_ino
    assert (new / "--delete").stat().st_mode & 0o7777 == 0o4640
    assert os.getxattr(new / "--delete", "user.note") == b"\0\xff"
    assert os.readlink(new / "link") == "nowhere"
    assert (new / "-dir").stat().st_mtime_ns == (source / "-dir").stat().st_mtime_ns
    assert not (new / "pipe").exists()


CHANGES: list[tuple[str, Callable[[Path], object]]] = [
    ("--delete", lambda new: (new / "--delete").write_bytes(b"longer than before")),
    ("--delete", lambda new: (new / "--delete").chmod(0o600)),
    ("--delete", lambda new: os.setxattr(new / "--delete", "user.note", b"x")),
    ("link", lambda new: ((new / "link").unlink(), (new / "link").symlink_to("/etc"))),
    ("hard", lambda new: ((new / "hard").unlink(), (new / "hard").touch())),
    ("-dir/deep/inner", lambda new: (new / "-dir" / "deep" / "inner").unlink()),
    ("--delete", lambda new: ((new / "--delete").unlink(), (new / "--delete").mkdir(), (new / "--delete/x").touch())),
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_what_differs_is_found_and_mended(
    source: Path, tmp_path: Path, name: str, change: Callable[[Path], object]
) -> None:
    new = tmp_path / "new"
    take(packed(source), new)
    change(new)

    assert name in take(packed(source), new, compare=True).names
    assert name in take(packed(source), new).names
    assert take(packed(source), new, compare=True).changes == 0


@pytest.mark.parametrize("when", [1795349127349132972, 1795349127999999999, 1, 0])
def test_the_time_of_change_arrives_to_the_nanosecond(source: Path, tmp_path: Path, when: int) -> None:
    os.utime(source / "-dir", ns=(when, when))

    take(packed(source), tmp_path / "new")

    assert (tmp_path / "new" / "-dir").stat().st_mtime_ns == when


def test_a_time_that_is_none_is_refused(source: Path, tmp_path: Path) -> None:
    os.utime(source / "-dir", ns=(1795349127349132972, 1795349127349132972))
    hostile = packed(source).replace(b"mtime=1795349127.349132972", b"mtime=1795349127.3491x2972")

    with pytest.raises(Failed, match="no time"):
        take(hostile, tmp_path / "new")


def test_comparing_reads_contents(source: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    take(packed(source), new)
    path = new / "-dir" / "deep" / "inner"
    before = path.stat()
    path.write_bytes(b"X" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert take(packed(source), new, compare=True).names == ["-dir/deep/inner"]


def test_what_the_stream_does_not_have_is_removed_unless_a_pattern_keeps_it(source: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    take(packed(source), new)
    (new / "more").mkdir()
    (new / "more" / "inner").touch()
    (new / "mine.tmp").touch()

    told = take(packed(source), new, delete=True, exclude=("*.tmp",))

    assert told.deleted == 2
    assert not (new / "more").exists()
    assert (new / "mine.tmp").exists()


def test_a_stream_that_breaks_off_is_an_error_and_leaves_whole_files_only(source: Path, tmp_path: Path) -> None:
    (source / "zz").write_bytes(os.urandom(500_000))
    data = packed(source)

    with pytest.raises(tarfile.TarError):
        take(data[: data.index(b"zz") + 100_000], tmp_path / "new", delete=True)

    assert not list((tmp_path / "new").rglob(".prov-*"))
    assert not (tmp_path / "new" / "zz").exists()


def test_nothing_at_all_is_no_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "precious").touch()

    with pytest.raises(tarfile.TarError):
        take(b"", tmp_path / "new", delete=True)
    with pytest.raises(tarfile.TarError):
        take(b"\0" * 10240, tmp_path / "new", delete=True)
    assert (tmp_path / "new" / "precious").exists()


def hostile(*members: tuple[str, bytes, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, kind, target in members:
            member: Any = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, target, 0o755
            archive.addfile(member, io.BytesIO())
    return made.getvalue()


@pytest.mark.parametrize(
    "members",
    [
        [("/etc/evil", tarfile.REGTYPE, "")],
        [("./../evil", tarfile.REGTYPE, "")],
        [("./out", tarfile.SYMTYPE, ".."), ("./out/evil", tarfile.REGTYPE, "")],
        [("./second", tarfile.LNKTYPE, "../outside")],
        [("./nowhere/evil", tarfile.REGTYPE, "")],
    ],
)
def test_a_stream_cannot_write_elsewhere(tmp_path: Path, members: list[tuple[str, bytes, str]]) -> None:
    (tmp_path / "outside").write_text("precious")

    with pytest.raises(Failed, match="the other host sent"):
        take(hostile((".", tarfile.DIRTYPE, ""), *members), tmp_path / "new")

    assert not (tmp_path / "evil").exists()


def test_a_throttled_stream_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)

    Slowly(io.BytesIO(b"x" * 1000), 100).read(1000)

    assert 4.9 < slept[0] <= 5.0
