"""Who owns a folder can put a link in a file's place at any moment: root does not follow what was no link before."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import authorized_key, copy, file, lineinfile
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, attributes, files
from provisioner.remote.system.attributes import Wanted
from provisioner.remote.system.payload import Payload

SOMEBODY = 1234


@pytest.fixture
def shadow(tmp_path: Path) -> Path:
    """Return a file that nobody may touch, and a folder beside it for whose owner a module works."""
    secret = tmp_path / "shadow"
    secret.write_text("secret")
    secret.chmod(0o600)
    (tmp_path / "home").mkdir()
    return secret


def untouched(shadow: Path) -> bool:
    about = shadow.lstat()
    return (about.st_uid, stat.S_IMODE(about.st_mode), shadow.read_text()) == (0, 0o600, "secret")


def swapped(path: Path, shadow: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(shadow)


def between(monkeypatch: pytest.MonkeyPatch, module: Any, act: Callable[[], None]) -> None:
    """Let the attacker act after the module has looked and before it does anything."""
    apply = module.apply

    def late(change: Any, system: System) -> Any:
        act()
        return apply(change, system)

    monkeypatch.setattr(module, "apply", late)


@pytest.mark.parametrize(
    "params",
    [{"owner": str(SOMEBODY)}, {"mode": "0666"}, {"owner": str(SOMEBODY), "mode": "0644", "state": "file"}],
)
def test_attributes_do_not_go_to_what_a_link_put_there_meanwhile_leads_to(
    params: dict[str, Any], shadow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shadow.parent / "home/file"
    path.write_text("mine")
    between(monkeypatch, file, lambda: swapped(path, shadow))
    result = run_module(file, {"path": str(path), **params}, Mode(), System())
    assert result["failed"]
    assert "has become a symbolic link meanwhile" in result["msg"]
    assert untouched(shadow)


def test_a_link_that_was_there_is_followed_as_it_was_asked_for(shadow: Path) -> None:
    path = shadow.parent / "home/file"
    path.symlink_to(shadow)
    assert run_module(file, {"path": str(path), "owner": str(SOMEBODY)}, Mode(), System())["changed"]
    assert shadow.stat().st_uid == SOMEBODY


def test_a_link_that_the_module_makes_itself_is_followed(shadow: Path) -> None:
    path = shadow.parent / "home/file"
    params = {"path": str(path), "src": str(shadow), "state": "link", "owner": str(SOMEBODY)}
    assert not run_module(file, params, Mode(), System()).get("failed")
    assert shadow.stat().st_uid == SOMEBODY


def test_a_line_is_not_written_through_a_link_put_there_meanwhile(
    shadow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shadow.parent / "home/file"
    path.write_text("a\n")
    between(monkeypatch, lineinfile, lambda: swapped(path, shadow))
    run_module(lineinfile, {"path": str(path), "line": "b"}, Mode(), System())
    assert untouched(shadow)
    assert path.read_text() == "a\nb\n"
    assert not path.is_symlink()


def test_a_copy_is_not_written_through_a_link_put_there_meanwhile(
    shadow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shadow.parent / "home/file"
    path.write_text("a\n")
    between(monkeypatch, copy, lambda: swapped(path, shadow))
    asked = {"dest": str(path), "content": "b\n", "follow": True, "owner": str(SOMEBODY), "mode": "0644"}
    run_module(copy, asked, Mode(), System(payload=Payload(b"b\n")))
    assert untouched(shadow)


def test_what_is_set_between_looking_and_setting_is_the_file_that_was_looked_at(
    shadow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shadow.parent / "home/file"
    path.write_text("mine")
    compare = attributes.compare

    def late(*given: Any) -> Any:
        swapped(path, shadow)
        return compare(*given)

    monkeypatch.setattr(attributes, "compare", late)
    attributes.settle(System(), str(path), Wanted(mode="0666", owner="x", uid=SOMEBODY))
    assert untouched(shadow)


def test_a_new_folder_swapped_for_a_link_at_once_is_found_out(shadow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, target = shadow.parent / "home/folder", shadow.parent / "etc"
    target.mkdir(mode=0o755)
    mkdir = os.mkdir

    def late(*given: Any, **options: Any) -> None:
        mkdir(*given, **options)
        path.rmdir()
        path.symlink_to(target)

    monkeypatch.setattr(os, "mkdir", late)
    attributes.make_folders(System(), [str(path)], Wanted(mode="0777", owner="x", uid=SOMEBODY))
    assert (target.stat().st_uid, stat.S_IMODE(target.stat().st_mode)) == (0, 0o755)


def test_a_temporary_file_swapped_for_a_link_gives_nothing_away(shadow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shadow.parent / "home/file"
    replacement = System().files.replacing(str(path), mode=0o666, owner=(SOMEBODY, SOMEBODY))
    with replacement as stream:
        stream.write(b"x")
        swapped(Path(replacement.temporary), shadow)
    assert untouched(shadow)


def test_a_backup_swapped_for_a_link_gives_nothing_away(shadow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shadow.parent / "home/file"
    path.write_text("mine")
    path.chmod(0o666)
    os.chown(path, SOMEBODY, SOMEBODY)
    copied = files.shutil.copyfileobj

    def late(*given: Any) -> None:
        copied(*given)
        (temporary,) = path.parent.glob(".prov-*")
        swapped(temporary, shadow)

    monkeypatch.setattr(files.shutil, "copyfileobj", late)
    System().files.backup(str(path))
    assert untouched(shadow)


def test_without_proc_the_file_itself_is_reached_all_the_same(shadow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shadow.parent / "home/file"
    path.write_text("mine")
    monkeypatch.setattr("provisioner.remote.system.handles.REACHED", str(shadow.parent / "no-proc/%d"))
    with System().files.hold(str(path), follow=True) as handle:
        handle.chmod(0o640)
        handle.chown(SOMEBODY, -1)
    assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (SOMEBODY, 0o640)
    with System().files.hold(str(path), follow=True) as handle:
        swapped(path, shadow)
        with pytest.raises(OSError, match="symbolic links"):
            handle.chown(SOMEBODY, -1)
    assert untouched(shadow)


def test_an_empty_path_is_no_place_to_write_to() -> None:
    with pytest.raises(Failed, match="empty path"):
        System().files.write("", b"x")


def test_a_users_keys_are_not_written_to_where_a_link_of_theirs_leads(shadow: Path) -> None:
    folder = shadow.parent / "home/.ssh"
    folder.mkdir()
    (folder / "authorized_keys").symlink_to(shadow)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOuio2X+Ym7Kc+9OfZ6d/xnOqY/tLW4ZS3M/1FNJMjHY me"
    asked = {"user": "root", "key": key, "path": str(folder / "authorized_keys")}
    run_module(authorized_key, asked, Mode(), System())
    assert untouched(shadow)


def test_the_folder_of_a_users_keys_is_not_narrowed_through_a_link_of_theirs(shadow: Path) -> None:
    target = shadow.parent / "etc"
    target.mkdir(mode=0o755)
    (shadow.parent / "home/.ssh").symlink_to(target)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOuio2X+Ym7Kc+9OfZ6d/xnOqY/tLW4ZS3M/1FNJMjHY me"
    asked = {"user": "root", "key": key, "path": str(shadow.parent / "home/.ssh/authorized_keys")}
    run_module(authorized_key, asked, Mode(), System())
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


def test_what_a_users_link_leads_to_is_not_copied_into_their_keys(shadow: Path) -> None:
    home = shadow.parent / "home"
    (home / ".ssh").mkdir()
    (shadow.parent / "etc").mkdir()
    (shadow.parent / "etc/passwd").write_text(f"me:x:{SOMEBODY}:{SOMEBODY}::/home:/bin/sh\n")
    (home / ".ssh/authorized_keys").symlink_to(shadow)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOuio2X+Ym7Kc+9OfZ6d/xnOqY/tLW4ZS3M/1FNJMjHY me"
    result = run_module(authorized_key, {"user": "me", "key": key}, Mode(), System(root=str(shadow.parent)))
    assert result["failed"]
    assert "somebody else" in result["msg"]
    shadow.chmod(0o600)
    os.chown(shadow, SOMEBODY, -1)
    result = run_module(authorized_key, {"user": "me", "key": key}, Mode(), System(root=str(shadow.parent)))
    assert not result.get("failed")
    made = home / ".ssh/authorized_keys"
    assert made.read_text() == f"secret\n{key}\n"
    assert (made.lstat().st_uid, stat.S_IMODE(made.lstat().st_mode)) == (SOMEBODY, 0o600)
