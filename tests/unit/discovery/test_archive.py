"""The contents of files beside a snapshot: fetched by a shell, kept for the owner alone, never unpacked."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.discovery import archive
from provisioner.discovery.archive import Archive
from provisioner.discovery.snapshot import Scope, Snapshot

SERVER = Snapshot("web1", scopes={
    "configuration": Scope(items={
        "/etc/nginx/nginx.conf": {"state": "changed", "size": 10, "sha256": "a"},
        "/etc/nginx/koi": {"state": "deleted"},
    }),
    "files": Scope(items={
        "/opt/app": {"kind": "directory"},
        "/opt/app/conf": {"kind": "file", "size": 5, "sha256": "b"},
        "/opt/app/huge": {"kind": "file", "size": 10**9, "sha256": ""},
        "/opt/app/large": {"kind": "file", "size": archive.MOST, "sha256": "c"},
        "/etc/ssh/ssh_host_rsa_key": {"kind": "file", "size": 5, "sha256": "d"},
    }),
    "repositories": Scope(items={"deb x": {"file": "/etc/apt/sources.list"},
                                 "key /etc/apt/keyrings/x": {"sha256": "e"}}),
    "timers": Scope(items={"cron:app:f:* /x": {"file": "/var/spool/cron/crontabs/app"}, "a.timer": {"unit": "a"}}),
    "users": Scope(items={"user:app": {"home": "/home/app"}, "key:app:SHA256:x": {"type": "ssh-ed25519"}}),
})  # fmt: skip


def test_the_files_wanted_are_those_a_draft_needs_and_no_more_than_fit() -> None:
    assert archive.wanted_paths(SERVER) == [
        "/etc/apt/keyrings/x", "/etc/apt/sources.list", "/etc/nginx/nginx.conf", "/home/app/.ssh/authorized_keys",
        "/opt/app/conf", "/var/spool/cron/crontabs/app",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["plain", "with blank", "quote'd", "$(id)", "-n"])
def test_the_shell_brings_the_contents_of_those_files_that_are_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"content\xff\n")
    (tmp_path / "link").symlink_to(tmp_path / name)
    text = archive.script([f"{tmp_path}/{name}", f"{tmp_path}/none", f"{tmp_path}/link"])
    done = subprocess.run(["sh", "-s"], input=text.encode(), capture_output=True, timeout=30, check=True)
    wire = done.stdout.decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape")
    found = archive.read_tar(wire)
    assert dict(found.contents) == {f"{tmp_path}/{name}": b"content\xff\n", f"{tmp_path}/link": b"content\xff\n"}


def test_a_saved_archive_is_for_its_owner_alone_and_always_the_same(tmp_path: Path) -> None:
    contents = Archive({"/etc/b": b"2", "/etc/a": b"1"})
    archive.save(contents, tmp_path / "x.tar.gz")
    assert (tmp_path / "x.tar.gz").stat().st_mode & 0o777 == 0o600
    assert archive.load(tmp_path / "x.tar.gz") == contents
    assert archive.beside(Path("snaps/web1.json")) == Path("snaps/web1.files.tar.gz")


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="cannot be read"):
        archive.load(tmp_path / "x.tar.gz")


def test_links_and_devices_of_a_hostile_archive_are_passed_over() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        link = tarfile.TarInfo("etc/x")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("../../etc/passwd"), io.BytesIO())
    assert set(archive.read_tar(stream.getvalue()).contents) == {"/../../etc/passwd"}


def test_a_content_that_is_not_that_of_the_snapshot_is_none() -> None:
    found = Archive({"/x": b"now"})
    assert found.content("/x") == b"now"
    assert found.content("/x", "0" * 64) is None
    assert found.content("/y") is None


def test_contents_that_look_like_secrets_are_named() -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
    found = Archive(
        {"/a": key, "/b": b"# password=x\nport=1\n", "/c": b"db_password = hunter2\n", "/d": os.urandom(64)}
    )
    assert [each for each in archive.secrets_in(found) if each != "/d"] == ["/a", "/c"]
