"""Lists of trees: the same on two hosts that hold the same, different where anything differs, quick the second time."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.system import manifests
from provisioner.remote.system.manifests import Found, Kept, Reading, load, save, survey
from provisioner.remote.system.patterns import Patterns

HOSTILE = (b"new\nline", b"-rf", b"latin \xe9", b" blank ", b"a", b"a.b", b"a-b", b"zero\\0")


def look(top: Path, kept: Path | None = None, **more: Any) -> Found:
    reading = Reading(Patterns().leaves_out(), **more)
    return survey([os.fsencode(top)], reading, Kept(str(kept) if kept else None))


def digest(top: Path, **more: Any) -> str:
    return look(top, **more).digest.hexdigest()


@pytest.fixture(name="tree")
def a_tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "a").mkdir(parents=True)
    for name in HOSTILE[:4] + HOSTILE[5:]:
        Path(os.fsdecode(os.fsencode(top) + b"/" + name)).write_bytes(name)
    (top / "a" / "inner").write_text("inside")
    (top / "link").symlink_to("nowhere")
    os.link(top / "a" / "inner", top / "second name")
    for each in (*top.rglob("*"), top):
        os.utime(each, ns=(10**18 + 123, 10**18 + 123), follow_symlinks=False)
    return top


def copy(tree: Path) -> Path:
    other = tree.parent / "copy"
    shutil.copytree(tree, other, symlinks=True)
    (other / "second name").unlink()
    os.link(other / "a" / "inner", other / "second name")
    for each in (*other.rglob("*"), other):
        os.utime(each, ns=(10**18 + 123, 10**18 + 123), follow_symlinks=False)
    return other


def test_a_copy_has_the_same_digest_and_counts(tree: Path) -> None:
    other = copy(tree)

    assert digest(tree) == digest(other)
    assert look(tree).counts == look(other).counts == {
        "files": 9, "directories": 2, "links": 1, "special": 0, "bytes": sum(map(len, HOSTILE)) - 1 + 12,
    }  # fmt: skip


CHANGES: list[tuple[str, Callable[[Path], object]]] = [
    ("content", lambda top: (top / "-rf").write_bytes(b"-rg")),
    ("size", lambda top: (top / "-rf").write_bytes(b"longer")),
    ("mode", lambda top: (top / "-rf").chmod(0o600)),
    ("mode of the top", lambda top: top.chmod(0o700)),
    ("owner", lambda top: os.chown(top / "-rf", 7, -1)),
    ("group", lambda top: os.chown(top / "-rf", -1, 7)),
    ("time", lambda top: os.utime(top / "-rf", ns=(0, 10**18 + 124))),
    ("name", lambda top: (top / "-rf").rename(top / "-rg")),
    ("one more", lambda top: (top / "more").touch()),
    ("one less", lambda top: (top / "-rf").unlink()),
    ("link", lambda top: ((top / "link").unlink(), (top / "link").symlink_to("elsewhere"))),
    ("hard link", lambda top: ((top / "second name").unlink(), (top / "second name").write_text("inside"))),
    ("kind", lambda top: ((top / "-rf").unlink(), (top / "-rf").mkdir())),
]


@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[name for name, _ in CHANGES])
def test_whatever_changes_changes_the_digest(tree: Path, what: str, change: Callable[[Path], object]) -> None:
    if what in ("owner", "group") and os.geteuid():
        pytest.fail("giving a file away needs root")
    before = digest(tree)

    change(tree)

    assert digest(tree) != before


def test_attributes_and_access_lists_count(tree: Path) -> None:
    before = digest(tree)
    os.setxattr(tree / "-rf", "user.note", b"\0")
    noted = digest(tree)
    os.setxattr(tree / "-rf", "user.note", b"\1")

    assert len({before, noted, digest(tree)}) == 3
    assert digest(tree, attributes=False) == digest(copy(tree), attributes=False)


def test_times_may_count_less_exactly(tree: Path) -> None:
    exact, coarse, ignored = digest(tree), digest(tree, times="seconds"), digest(tree, times="ignored")
    os.utime(tree / "-rf", ns=(0, 10**18 + 124))
    assert digest(tree) != exact
    assert digest(tree, times="seconds") == coarse
    os.utime(tree / "-rf", ns=(0, 0))
    assert digest(tree, times="seconds") != coarse
    assert digest(tree, times="ignored") == ignored


def test_sockets_and_pipes_are_left_out_and_counted_unless_wanted(tree: Path) -> None:
    before = digest(tree)
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tree / "socket"))
    os.utime(tree, ns=(10**18 + 123, 10**18 + 123))

    assert digest(tree) == before
    assert look(tree).left_special == 2
    assert look(tree, special=True).counts["special"] == 2


def settled(tree: Path, kept: Path) -> Found:
    """Make a list of which every entry is old enough to be believed."""
    time.sleep(manifests.SETTLED_NS / 1e9 + 0.02)
    found = look(tree, kept)
    assert found.unsettled == 0
    save(str(kept), found.records)
    return found


def test_only_what_changed_since_is_read_again(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first = settled(tree, kept)
    (tree / "-rf").write_bytes(b"-rg")
    os.utime(tree / "-rf", ns=(10**18 + 123, 10**18 + 123))

    again = look(tree, kept)

    assert (first.read, again.read) == (9, 1)
    assert again.digest.hexdigest() == digest(tree) != first.digest.hexdigest()
    assert look(tree, kept, content="all").read == 9
    assert look(tree, kept, content="none").read == 0


def test_a_file_that_changed_a_moment_ago_is_not_believed(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = look(tree)
    assert found.unsettled > 0
    save(str(kept), found.records)

    assert look(tree, kept).read > 0


def test_every_file_is_found_in_the_kept_list_whatever_the_names(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for name in ("b", "b-c", "b/c", "b.c", "b0"):
        path = tree / name
        path.mkdir(exist_ok=True)
        (path / "x").write_text(name)

    settled(tree, kept)

    assert look(tree, kept).read == 0


def test_a_torn_list_only_costs_reading(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    whole = settled(tree, kept).digest.hexdigest()
    kept.write_bytes(kept.read_bytes()[:200] + b"\0rubbish\0")

    again = look(tree, kept)

    assert again.digest.hexdigest() == whole
    assert again.read > 0


def test_a_percentage_chooses_by_name(tree: Path) -> None:
    for number in range(400):
        (tree / f"many{number}").write_text("x")

    read = look(tree, percent=25).read

    assert 60 < read < 140
    assert look(copy(tree), percent=25).read == read


def test_the_list_gives_paths_and_records_without_what_is_private_to_a_host(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    settled(tree, kept)

    found = dict(load(str(kept)))

    assert found[b"0000/a/inner"].startswith(b"f 644 ")
    assert {path[5:] for path in found} >= {b"new\nline", b"latin \xe9"}


def test_a_top_that_is_no_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        look(tmp_path / "file")
