"""Folders that a module works in are held: links that were there lead on, what comes later is found out."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import file, lineinfile
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, attributes, folders
from provisioner.remote.system.attributes import Wanted
from provisioner.remote.system.commands import Commands, Completed
from provisioner.remote.system.files import Files


def descriptors(below: Path) -> int:
    """Count what is open below a folder: other tests of the process open and close what they like."""
    places = (f"/proc/self/fd/{each}" for each in os.listdir("/proc/self/fd"))
    return sum(os.readlink(place).startswith(str(below)) for place in places if os.path.lexists(place))


def swapped(folder: Path, other: Path) -> None:
    os.replace(folder, folder.with_name("aside"))
    folder.symlink_to(other)


def test_a_link_among_the_parents_that_was_there_is_followed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("../run")
    os.lchown(tmp_path / "var/run", 1234, 1234)
    path = str(tmp_path / "var/run/f")
    for line in ("a", "b"):
        result = run_module(lineinfile, {"path": path, "line": line, "create": True}, Mode(), System())
        assert not result.get("failed"), result
    assert (tmp_path / "run/f").read_text() == "a\nb\n"


def test_looking_leaves_no_descriptor_open_when_the_module_is_done(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x\n")
    system = System()
    run_module(lineinfile, {"path": str(tmp_path / "f"), "line": "x"}, Mode(), system)
    run_module(file, {"path": str(tmp_path / "gone"), "state": "file"}, Mode(check=True), system)
    assert descriptors(tmp_path) == 0


def test_of_many_folders_few_are_held_and_all_are_known_again(tmp_path: Path) -> None:
    files, many = Files(), folders.HELD_AT_ONCE * 3
    for number in range(many):
        (tmp_path / str(number)).mkdir()
        files.look(str(tmp_path / str(number) / "f"))
    assert descriptors(tmp_path) == folders.HELD_AT_ONCE
    files.write(str(tmp_path / "0/f"), b"x")
    swapped(tmp_path / "1", tmp_path / "0")
    for act in (lambda: files.write(str(tmp_path / "1/f"), b"y"), lambda: files.read(str(tmp_path / "1/f"))):
        with pytest.raises(Failed, match="has become another folder"):
            act()
    assert (tmp_path / "0/f").read_bytes() == b"x"


def test_where_a_folder_was_missing_a_link_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "protected").mkdir()
    files = Files()
    files.look(str(tmp_path / "made/later/f"))
    (tmp_path / "made").symlink_to("protected")
    (tmp_path / "protected/later").mkdir()
    for act in (
        lambda: files.write(str(tmp_path / "made/later/f"), b"x"),
        lambda: files.remove(str(tmp_path / "made/later")),
    ):
        with pytest.raises(Failed, match="made has become another folder"):
            act()
    assert os.listdir(tmp_path / "protected/later") == []


def test_a_folder_that_we_remove_and_make_again_is_worked_in(tmp_path: Path) -> None:
    files = Files()
    (tmp_path / "d").mkdir()
    files.look(str(tmp_path / "d/f"))
    files.remove(str(tmp_path / "d"))
    files.makedirs(str(tmp_path / "d"))
    files.write(str(tmp_path / "d/f"), b"x")
    assert (tmp_path / "d/f").read_bytes() == b"x"


def test_what_is_read_is_not_what_a_link_put_there_meanwhile_leads_to(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "f").write_text("mine")
    files = Files()
    files.look(str(tmp_path / "f"))
    (tmp_path / "f").unlink()
    (tmp_path / "f").symlink_to("secret")
    with pytest.raises(Failed, match="has become a symbolic link meanwhile"):
        files.read(str(tmp_path / "f"))


def test_a_link_that_is_turned_elsewhere_still_leads_to_what_was_looked_at(tmp_path: Path) -> None:
    for name in ("mine", "protected"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(name)
    (tmp_path / "l").symlink_to("mine/f")
    files = Files()
    files.look(str(tmp_path / "l"))
    (tmp_path / "l").unlink()
    (tmp_path / "l").symlink_to("protected/f")
    assert files.read(str(tmp_path / "l")) == b"mine"
    files.write(str(tmp_path / "l"), b"new")
    assert [(tmp_path / name / "f").read_text() for name in ("mine", "protected")] == ["new", "protected"]


@pytest.mark.parametrize("path", [".", "..", "d/.", "d/.."])
def test_a_folder_is_removed_by_its_own_name_only(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d/here").mkdir(parents=True)
    (tmp_path / "d/here/kept").write_text("kept")
    monkeypatch.chdir(tmp_path / "d/here")
    absolute = path if path.startswith(".") else f"{tmp_path}/{path}"
    with pytest.raises(Failed, match=r"own name|root of the host"):
        Files().remove(absolute)
    assert (tmp_path / "d/here/kept").read_text() == "kept"


def test_a_way_in_a_circle_leads_nowhere_when_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "l").symlink_to("l")
    files = Files()
    files.look(str(tmp_path / "l/f"))
    assert files.stat(str(tmp_path / "l/f")) is None
    with pytest.raises(OSError, match="Too many levels"):
        files.write(str(tmp_path / "l/f"), b"x")


def test_a_failure_names_the_whole_path(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(FileExistsError, match=str(tmp_path / "d")):
        Files().mkdir(str(tmp_path / "d"), 0o700)


def test_flags_are_set_in_the_folder_that_is_held(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("mine")
    reached: list[tuple[str, bool]] = []

    class Told(Commands):
        def run(self, argv: Any, *_: Any, **__: Any) -> Completed:
            swapped(tmp_path / "d", tmp_path)
            reached.append((argv[-1], os.path.samefile(argv[-1], tmp_path / "aside/f")))
            return Completed(1, "", f"chattr: {argv[-1]} refuses")

    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("mine")
    with pytest.raises(Failed) as failed:
        attributes.settle(System(commands=Told()), str(tmp_path / "d/f"), Wanted(flags="+A"))
    assert [same for _, same in reached] == [True]
    assert failed.value.values["details"] == f"Error while setting attributes: chattr: {tmp_path}/d/f refuses"


def test_an_access_list_is_kept(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    nobody_reads = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry)
        for entry in (
            (1, 6, 0xFFFFFFFF),
            (2, 4, 65534),
            (4, 4, 0xFFFFFFFF),
            (0x10, 4, 0xFFFFFFFF),
            (0x20, 0, 0xFFFFFFFF),
        )
    )
    try:
        os.setxattr(tmp_path / "f", "system.posix_acl_access", nobody_reads)
    except OSError:
        pytest.skip("this file system has no access lists")
    Files().write(str(tmp_path / "f"), b"new")
    assert os.getxattr(tmp_path / "f", "system.posix_acl_access") == nobody_reads


def test_unsafe_writing_in_place_goes_to_the_folder_that_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "protected").mkdir()
    (tmp_path / "protected/f").write_text("kept")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("old")
    (tmp_path / "d/f").chmod(0o640)

    def late(*_: Any, **__: Any) -> None:
        swapped(tmp_path / "d", tmp_path / "protected")
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "rename", late)
    with Files().replacing(str(tmp_path / "d/f"), unsafe=True) as stream:
        stream.write(b"new")
    assert [(tmp_path / name / "f").read_text() for name in ("aside", "protected")] == ["new", "kept"]
    assert stat.S_IMODE((tmp_path / "aside/f").stat().st_mode) == 0o640
    assert os.listdir(tmp_path / "aside") == ["f"]
