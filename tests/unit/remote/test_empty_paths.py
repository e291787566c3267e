"""An empty path, as an empty variable leaves it, is no place: not the root of the host, and nothing below it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


def ran(module: str, root: Path, **params: Any) -> dict[str, Any]:
    loaded = importlib.import_module(f"provisioner.remote.modules.{module}")
    return run_module(loaded, params, Mode(), System(root=str(root)))


@pytest.fixture
def host(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "kept").write_text("kept")
    return tmp_path


def content(host: Path) -> list[str]:
    return sorted(str(path.relative_to(host)) for path in host.rglob("*"))


def test_removing_it_removes_nothing(host: Path) -> None:
    result = ran("file", host, path="", state="absent")
    assert (result.get("failed"), result["changed"]) == (None, False)
    assert content(host) == ["etc", "etc/kept"]


@pytest.mark.parametrize(
    ("module", "params"),
    [
        ("file", {"path": "", "state": "directory", "mode": "0700"}),
        ("file", {"path": "", "mode": "0700"}),
        ("file", {"path": "", "state": "touch"}),
        ("copy", {"dest": "", "content": "x"}),
        ("copy", {"dest": "", "remote_src": True, "src": "/etc/"}),
        ("archive", {"path": "", "dest": "/all.tgz"}),
        ("lineinfile", {"path": "", "line": "x", "create": True}),
        ("unarchive", {"src": "/etc/kept", "dest": "", "remote_src": True}),
    ],
)
def test_making_or_changing_it_fails_and_changes_nothing(host: Path, module: str, params: dict[str, Any]) -> None:
    before = host.stat().st_mode
    result = ran(module, host, **params)
    assert result.get("failed"), result
    assert (content(host), host.stat().st_mode) == (["etc", "etc/kept"], before)


def test_looking_below_it_finds_nothing(host: Path) -> None:
    result = ran("find", host, paths=[""], recurse=True)
    assert (result["matched"], result["examined"]) == (0, 0)
    assert result["skipped_paths"] == {"": "'' is not a directory"}
    assert ran("stat", host, path="")["stat"] == {"exists": False}


@pytest.mark.parametrize("path", ["/", "/etc/..", "//.", "/way/out"])
def test_the_root_of_a_host_is_not_removed(host: Path, path: str) -> None:
    (host / "way").mkdir()
    (host / "way" / "out").symlink_to(host)
    result = ran("file", host, path=path, state="absent")
    assert result.get("failed") or path == "/way/out", result
    assert (host / "etc" / "kept").read_text() == "kept"


def test_the_folder_worked_in_is_not_what_an_empty_path_means(host: Path) -> None:
    kept = Path("kept")
    kept.write_text("kept")
    ran("file", host, path="", state="absent")
    assert kept.read_text() == "kept"
