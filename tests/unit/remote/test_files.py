"""Files: atomic replacement, backups, links, and what is left behind when something goes wrong."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from provisioner.remote.system.files import Files


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Files:
    return Files(str(tmp_path))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_content_replaces_the_old_with_its_mode_and_owner(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o604)
    os.chown(tmp_path / "f", 7, 8)
    files.write("/f", b"new")
    assert (tmp_path / "f").read_text() == "new"
    assert (mode(tmp_path / "f"), (tmp_path / "f").stat().st_uid, (tmp_path / "f").stat().st_gid) == (0o604, 7, 8)


def test_the_temporary_file_is_private_until_it_takes_its_place(files: Files, tmp_path: Path) -> None:
    with files.replacing("/f", mode=0o666) as stream:
        stream.write(b"secret")
        assert [mode(each) for each in tmp_path.iterdir()] == [0o600]
    assert mode(tmp_path / "f") == 0o666


def test_a_failure_leaves_the_old_file_and_nothing_else(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    with pytest.raises(RuntimeError), files.replacing("/f") as stream:
        stream.write(b"half")
        raise RuntimeError
    assert (tmp_path / "f").read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_link_is_written_through_or_replaced_as_asked(files: Files, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("old")
    (tmp_path / "l").symlink_to("t")
    files.write("/l", b"new")
    assert (tmp_path / "t").read_text() == "new"
    with files.replacing("/l", follow=False) as stream:
        stream.write(b"own")
    assert not (tmp_path / "l").is_symlink()
    assert (tmp_path / "t").read_text() == "new"


def test_the_new_owner_is_there_before_the_name(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    os.chown(tmp_path / "f", 7, 7)
    with files.replacing("/f", mode=0o600, owner=(0, -1)) as stream:
        stream.write(b"new")
    assert ((tmp_path / "f").stat().st_uid, (tmp_path / "f").stat().st_gid) == (0, 7)


def test_a_backup_keeps_content_owner_and_mode(files: Files, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o640)
    os.chown(tmp_path / "f", 7, 8)
    name = files.backup("/f")
    copy = tmp_path / name.lstrip("/")
    assert copy.read_text() == "old"
    assert (mode(copy), copy.stat().st_uid, copy.stat().st_gid) == (0o640, 7, 8)


def test_links_are_made_and_replaced_in_one_step(files: Files, tmp_path: Path) -> None:
    files.symlink("a", "/l")
    files.symlink("b", "/l")
    assert os.readlink(tmp_path / "l") == "b"
    (tmp_path / "f").write_text("x")
    files.hard_link("/f", "/h")
    assert (tmp_path / "h").stat().st_nlink == 2
    assert sorted(os.listdir(tmp_path)) == ["f", "h", "l"]


def test_resolve_says_paths_as_the_host_sees_them(files: Files, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "l").symlink_to("d")
    assert files.resolve("/l/x") == "/d/x"
    assert Files().resolve("/proc/self/../self/root/") == "/"


def test_missing_parents_are_made_and_named(files: Files, tmp_path: Path) -> None:
    assert files.makedirs("/a/b/c") == ["/a", "/a/b", "/a/b/c"]
    assert files.makedirs("/a/b") == []
    files.remove("/a")
    files.remove("/a")
    assert os.listdir(tmp_path) == []
