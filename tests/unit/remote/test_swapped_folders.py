"""Who owns a folder on the way may swap it for a link at any step of a change: nothing it leads to is touched."""

from __future__ import annotations

import importlib
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, files
from provisioner.remote.system.payload import Payload

SOMEBODY = 1234
STEPS = [
    "chmod",
    "chown",
    "fchmod",
    "fchown",
    "fsync",
    "link",
    "listdir",
    "mkdir",
    "open",
    "readlink",
    "rename",
    "rmdir",
    "stat",
    "symlink",
    "unlink",
    "utime",
]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOuio2X+Ym7Kc+9OfZ6d/xnOqY/tLW4ZS3M/1FNJMjHY me"

TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "a file is replaced": ("copy", {"dest": "D/f", "content": "x\n", "backup": True, "validate": "true %s"}),
    "a file is replaced, links followed": ("copy", {"dest": "D/f", "content": "x\n", "follow": True}),
    "a file is made": ("copy", {"dest": "D/new", "content": "x\n", "mode": "0666", "owner": str(SOMEBODY)}),
    "a file is written in place where it must be": ("copy", {"dest": "D/f", "content": "x\n", "unsafe_writes": True}),
    "a tree is copied": ("copy", {"src": "S/", "dest": "D/", "remote_src": True, "mode": "preserve"}),
    "a file is given away": ("file", {"path": "D/f", "owner": str(SOMEBODY), "mode": "0666"}),
    "a file's times are set": ("file", {"path": "D/f", "state": "touch"}),
    "an empty file is made": ("file", {"path": "D/new", "state": "touch", "mode": "0666"}),
    "folders are made": ("file", {"path": "D/a/b/c", "state": "directory", "mode": "0777"}),
    "a file is removed": ("file", {"path": "D/f", "state": "absent"}),
    "a folder is removed": ("file", {"path": "D/sub", "state": "absent"}),
    "a link is made": ("file", {"path": "D/l", "src": "/nowhere", "state": "link", "force": True}),
    "a link takes the place of a folder": ("file", {"path": "D/empty", "src": "/", "state": "link", "force": True}),
    "a second name is made": ("file", {"path": "D/h", "src": "S/a/f", "state": "hard"}),
    "all is given away": (
        "file",
        {"path": "T", "recurse": True, "follow": False, "owner": str(SOMEBODY), "mode": "a+w", "state": "directory"},
    ),
    "a line is put in": ("lineinfile", {"path": "D/f", "line": "x", "backup": True}),
    "a block is put in": ("blockinfile", {"path": "D/sub/new", "block": "x", "create": True, "mode": "0666"}),
    "an option is put in": ("ini_file", {"path": "D/b/ini", "section": "s", "option": "o", "value": "v"}),
    "an archive is unpacked": ("unarchive", {"src": "S.tar", "dest": "D", "remote_src": True}),
    "keys are put in": ("authorized_key", {"user": "root", "key": KEY, "path": "D/sub/keys"}),
    "hosts are put in": ("known_hosts", {"name": "h", "key": "h " + KEY[:-3], "path": "D/sub/hosts"}),
}


class Adversary:
    """Swaps the folder for a link to one that it may not write to: before a given step, for ever or for that step."""

    def __init__(self, top: Path, at: int, lasting: bool) -> None:
        self.folder, self.aside, self.protected = top / "owned/d", top / "owned/aside", top / "protected"
        self.at, self.lasting, self.step = at, lasting, -1

    def begins(self) -> None:
        self.step = max(self.step, 0)

    def before(self) -> None:
        if self.step < 0:
            return
        self.step += 1
        if self.step == self.at:
            os.replace(self.folder, self.aside)
            self.folder.symlink_to(self.protected)
        elif self.step == self.at + 1 and not self.lasting:
            self.back()

    def back(self) -> None:
        self.folder.unlink()
        os.replace(self.aside, self.folder)


def made(top: Path) -> Path:
    for folder in (top / "owned/d", top / "protected"):
        (folder / "sub/inner").mkdir(parents=True)
        (folder / "empty").mkdir()
        (folder / "sub/g").write_text("kept\n")
        (folder / "f").write_text("kept\n")
        (folder / "f").chmod(0o600)
    (top / "source/a").mkdir(parents=True)
    (top / "source/a/f").write_text("x\n")
    (top / "source/f").write_text("x\n")
    with tarfile.open(top / "source.tar", "w") as archive:
        archive.add(top / "source", arcname=".")
    return top


def shown(folder: Path) -> list[Any]:
    """Return all that can be told of a folder's content; each change of anything changes a time."""
    found: list[Any] = []
    for path in [folder, *sorted(folder.rglob("*"))]:
        about = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found.append(
            (str(path), about.st_mode, about.st_uid, about.st_nlink, about.st_mtime_ns, about.st_ctime_ns, content)
        )
    return found


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Adversary]]:
    """Let the adversary in the list act before each call of the system, from the first look of a module on."""
    present: list[Adversary] = []

    def stepping(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **options: Any) -> Any:
            for adversary in present[:1]:
                present.clear()  # its own steps are none of ours
                adversary.before()
                present.append(adversary)
            return real(*given, **options)

        return step

    look = files.Files.look

    def looking(self: files.Files, path: str) -> None:
        look(self, path)
        for adversary in present:
            adversary.begins()

    monkeypatch.setattr(files.Files, "look", looking)
    for name in STEPS:
        monkeypatch.setattr(os, name, stepping(getattr(os, name)))
    for supported in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        supported.update(getattr(os, name) for name in STEPS)
    yield present
    present.clear()


def run(task: str, top: Path) -> dict[str, Any]:
    name, given = TASKS[task]
    places = {"D": top / "owned/d", "S": top / "source", "T": top / "owned", "S.tar": top / "source.tar"}
    params = {}
    for key, value in given.items():
        head, slash, rest = value.partition("/") if isinstance(value, str) else ("", "", "")
        params[key] = f"{places[head]}{slash}{rest}" if head in places else value
    module = importlib.import_module(f"provisioner.remote.modules.{name}")
    payload = Payload(b"x\n") if "content" in params else None
    return run_module(module, params, Mode(), System(payload=payload))


@pytest.mark.parametrize("lasting", [True, False], ids=["for ever", "for a moment"])
@pytest.mark.parametrize("task", TASKS)
def test_whenever_the_folder_is_swapped_what_the_link_leads_to_stays_as_it_is(
    task: str, lasting: bool, tmp_path: Path, watched: list[Adversary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for at in range(1, 1000):
        top = made(tmp_path / str(at))
        before = shown(top / "protected")
        adversary = Adversary(top, at, lasting)
        watched.append(adversary)
        result = run(task, top)
        watched.clear()
        assert shown(top / "protected") == before, f"step {at}: {result}"
        if adversary.step < at:
            assert not result.get("failed"), result
            return
    raise AssertionError("it never came to an end")


def test_what_happened_is_said_and_what_to_do(tmp_path: Path) -> None:
    top = made(tmp_path)
    system = System()
    system.files.look(str(top / "owned/d/f"))
    Adversary(top, 1, True).begins()
    os.replace(top / "owned/d", top / "owned/aside")
    (top / "owned/d").symlink_to(top / "protected")
    with pytest.raises(Failed, match=r"owned/d has become another folder since it was looked at .* Run this again"):
        system.files.write(str(top / "owned/d/f"), b"x")
