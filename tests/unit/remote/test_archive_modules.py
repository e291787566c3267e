"""archive and unarchive together, and against the system's own tar and unzip."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import archive, copy, unarchive
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.parcel import heading
from provisioner.remote.system.payload import Payload
from tests.modules.tree import snapshot


def run(module: Any, tmp: Path, payload: bytes | None = None, **params: Any) -> dict[str, Any]:
    system = System(root=str(tmp), payload=Payload(payload) if payload is not None else None)
    result = run_module(module, params, Mode(diff=True), system)
    assert not result.get("failed"), result
    return result


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Path:
    (tmp_path / "s/site/sub").mkdir(parents=True)
    (tmp_path / "s/site/a").write_bytes(os.urandom(100_000))
    (tmp_path / "s/site/sub/run").write_text("#!/bin/sh\n")
    (tmp_path / "s/site/sub/run").chmod(0o750)
    (tmp_path / "s/site/sub/empty").write_text("")
    (tmp_path / "s/site/link").symlink_to("sub/run")
    (tmp_path / "d").mkdir()
    return tmp_path


def contents(root: Path) -> dict[str, tuple[int, Any]]:
    return {path: (seen[0], seen[4]) for path, seen in snapshot(root).items()}


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "tar", "zip"])
def test_what_is_packed_comes_out_equal(site: Path, kind: str) -> None:
    run(archive, site, path="/s/site", dest="/a", format=kind)
    run(unarchive, site, src="/a", dest="/d", remote_src=True)
    assert contents(site / "d/site") == contents(site / "s/site")
    assert run(unarchive, site, src="/a", dest="/d", remote_src=True)["changed"] is False


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "tar", "zip"])
def test_packing_again_changes_nothing_until_the_content_does(site: Path, kind: str) -> None:
    run(archive, site, path="/s/site", dest="/a", format=kind)
    before = (site / "a").stat()
    assert run(archive, site, path="/s/site", dest="/a", format=kind)["changed"] is False
    assert (site / "a").stat().st_mtime_ns == before.st_mtime_ns
    changed = (site / "s/site/a").read_bytes()
    (site / "s/site/a").write_bytes(changed[:-1] + b"x" if not changed.endswith(b"x") else changed[:-1] + b"y")
    assert run(archive, site, path="/s/site", dest="/a", format=kind)["changed"] is True


def test_the_systems_tar_reads_ours_and_we_read_the_systems(site: Path) -> None:
    run(archive, site, path="/s/site", dest="/a.tgz")
    subprocess.run(["tar", "-xzf", site / "a.tgz", "-C", site / "d"], check=True)
    assert contents(site / "d/site") == contents(site / "s/site")
    subprocess.run(["tar", "-cJf", site / "b.txz", "-C", site / "s", "site"], check=True)
    assert run(unarchive, site, src="/b.txz", dest="/d", remote_src=True)["changed"] is False


def test_two_archives_of_the_same_are_the_same_bytes(site: Path) -> None:
    for dest in ("/a.tgz", "/b.tgz"):
        run(archive, site, path="/s/site", dest=dest)
    assert (site / "a.tgz").read_bytes() == (site / "b.tgz").read_bytes()


def test_a_single_file_is_compressed_and_compared(site: Path) -> None:
    first = run(archive, site, path="/s/site/a")
    assert first["dest"] == "/s/site/a.gz"
    assert (
        subprocess.run(["gzip", "-dc", site / "s/site/a.gz"], capture_output=True, check=True).stdout
        == (site / "s/site/a").read_bytes()
    )
    assert run(archive, site, path="/s/site/a")["changed"] is False


def test_archives_sent_along_in_any_size_are_unpacked(site: Path) -> None:
    run(archive, site, path="/s/site", dest="/a.tgz")
    body = (site / "a.tgz").read_bytes()
    assert run(unarchive, site, body, src="a.tgz", dest="/d")["changed"] is True
    assert contents(site / "d/site") == contents(site / "s/site")


def test_a_destination_that_is_no_absolute_path_is_warned_about(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(archive, site, path="/s/site", dest="/a.tgz")
    monkeypatch.chdir(site)
    system = System()
    result = run_module(unarchive, {"src": str(site / "a.tgz"), "dest": "d", "remote_src": True}, Mode(), system)
    assert result["changed"], result
    assert "no absolute path: d is" in result["warnings"][0]
    assert contents(site / "d/site") == contents(site / "s/site")


def test_a_zstandard_archive_needs_its_program(site: Path) -> None:
    (site / "a.zst").write_bytes(b"\x28\xb5\x2f\xfd not really")
    system = System(root=str(site))
    result = run_module(unarchive, {"src": "/a.zst", "dest": "/d", "remote_src": True}, Mode(), system)
    assert "needs the program zstd" in result["msg"]


def manifest(root: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for path in sorted(root.rglob("*")):
        entry: dict[str, Any] = {
            "path": str(path.relative_to(root)),
            "mode": f"{stat.S_IMODE(path.lstat().st_mode):04o}",
        }
        if path.is_symlink():
            entry["link"] = os.readlink(path)
        elif path.is_dir():
            entry["dir"] = True
        else:
            entry["checksum"] = hashlib.sha1(path.read_bytes()).hexdigest()
        entries.append(entry)
    return entries


def packed_of(source: Path, names: list[str]) -> bytes:
    """Return these files as the controller sends them."""
    contents_of = {name: (source / name).read_bytes() for name in names}
    return b"".join(heading(name, len(content)) + content for name, content in contents_of.items())


def test_a_tree_takes_two_questions_and_only_what_differs(site: Path) -> None:
    source = site / "s/site"
    params = {"dest": "/d", "mode": "preserve", "_tree": manifest(source)}
    asked = run(copy, site, **params)
    assert sorted(asked["_needed"]) == ["a", "sub/empty", "sub/run"]
    assert os.listdir(site / "d") == []
    assert "_needed" not in run(copy, site, packed_of(source, asked["_needed"]), **params)
    assert contents(site / "d") == contents(source) | {".": contents(site / "d")["."]}
    assert run(copy, site, **params)["changed"] is False
    (source / "a").write_text("new")
    params["_tree"] = manifest(source)
    assert run(copy, site, **params)["_needed"] == ["a"]


def test_a_tree_refuses_content_it_did_not_ask_for(site: Path) -> None:
    source = site / "s/site"
    params = {"dest": "/d", "_tree": [e for e in manifest(source) if e["path"] == "a"]}
    (source / "b").write_text("x")
    system = System(root=str(site), payload=Payload(packed_of(source, ["a", "b"])))
    result = run_module(copy, params, Mode(), system)
    assert "/d/b was sent although it was not asked for" in result["msg"]


def test_a_tree_refuses_content_that_is_not_what_was_promised(site: Path) -> None:
    source = site / "s/site"
    params = {"dest": "/d", "_tree": [e for e in manifest(source) if e["path"] == "a"]}
    (source / "a").write_text("tampered")
    system = System(root=str(site), payload=Payload(packed_of(source, ["a"])))
    assert "does not match the expected checksum" in run_module(copy, params, Mode(), system)["msg"]
    assert not (site / "d/a").exists()
