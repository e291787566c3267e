"""Archives on a real folder: what is packed comes back, what is damaged is noticed, what moves meanwhile is counted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote import packing
from provisioner.remote.modules import tree_archive
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.commands import Commands, Completed


@pytest.fixture(name="tree")
def a_tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "-dir").mkdir(parents=True)
    for name in (b"new\nline", b"--delete", b"latin \xe9", b"-dir/inner"):
        Path(os.fsdecode(os.fsencode(top) + b"/" + name)).write_bytes(name)
    os.link(top / "--delete", top / "hard")
    (top / "link").symlink_to("nowhere")
    os.mkfifo(top / "pipe")
    return top


def run(path: Path, commands: Commands | None = None, **params: Any) -> dict[str, Any]:
    return run_module(tree_archive, {"path": str(path), **params}, Mode(), System(commands=commands))


def test_what_is_packed_is_proven_and_stays_so(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "site"
    made: dict[str, Any] = {"paths": [str(tree)], "dumps": [{"name": "d.sql", "command": "echo dumped"}]}

    first = run(path, **made)
    again = run(path, **made)
    proven = run(path, state="proven")

    assert (first["changed"], again["changed"], proven["changed"]) == (True, False, True), (first, again, proven)
    assert first["archive"]["files"] == 6
    assert proven["archive"]["compared"] == 10
    assert run(path, state="proven")["changed"] is False
    assert not (tmp_path / "kept" / "site.proof").exists()
    assert run(path, **made, stamp="tomorrow")["changed"] is True


def test_what_changed_is_packed_again_even_where_the_archive_was_dropped(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "site"
    run(path, paths=[str(tree)])
    run(path, state="dropped")
    assert run(path, paths=[str(tree)])["changed"] is False

    (tree / "more").touch()

    assert run(path, paths=[str(tree)])["changed"] is True


def test_a_list_that_the_archive_does_not_fulfil_is_no_proof(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "site"
    run(path, paths=[str(tree)], compression="gzip")
    manifest = Path(f"{path}.manifest")
    manifest.write_bytes(manifest.read_bytes().replace(b"0000/hard", b"0000/soft"))

    told = run(path, state="proven")

    assert told["failed"]
    assert told["msg"].startswith("the archive does not restore what was packed: 1 of 8 names differ")
    assert not Path(f"{path}.proven").exists()


class Meddling(Commands):
    """Changes a file while it is packed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, argv: Any, **more: Any) -> Completed:
        done = super().run(argv, **more)
        if "--create" in argv:
            self.path.write_text("changed meanwhile")
        return done


def test_a_file_that_changes_while_it_is_packed_is_counted_and_not_compared(tree: Path, tmp_path: Path) -> None:
    told = run(tmp_path / "site", Meddling(tree / "-dir" / "inner"), paths=[str(tree)])

    assert told["archive"]["moving"] == 1
    assert run(tmp_path / "site", state="proven")["archive"]["compared"] == 7


def test_checksums_as_sha256sum_writes_them_are_understood(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "new\nline").write_text("1")
    (tmp_path / "x" / "good").write_text("1")
    (tmp_path / "x" / "bad").write_text("2")
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    names = ("\\", "./x/new\\nline"), ("", "./x/good"), ("", "./x/bad"), ("", "./x/missing")
    (tmp_path / "sums").write_text("".join(f"{escape}{one}  {name}\n" for escape, name in names))

    wrong, number = packing.wrong_sums(System(), str(tmp_path / "sums"), str(tmp_path))

    assert (wrong, number) == (["./x/bad", "./x/missing"], 4)
