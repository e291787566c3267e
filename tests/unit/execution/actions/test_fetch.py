"""fetch: by host below dest, or flat; not again where the controller has it."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.remote.params import BadParameters
from tests.support.stage import Stage


def test_a_file_lands_below_the_hosts_name_and_is_not_fetched_twice(stage: Stage) -> None:
    (stage.root / "etc").mkdir()
    (stage.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    first = stage.run("fetch", {"src": "/etc/hosts", "dest": "saved"})
    assert first["changed"]
    assert first["checksum"] == first["remote_checksum"]
    place = stage.files / "saved/web1/etc/hosts"
    assert place.read_text() == "127.0.0.1 localhost\n"
    assert first["dest"] == str(place.resolve())
    second = stage.run("fetch", {"src": "/etc/hosts", "dest": "saved"})
    assert (second["changed"], second["file"]) == (False, "/etc/hosts")


def test_flat_puts_the_file_where_it_says(stage: Stage) -> None:
    (stage.root / "a").write_text("x")
    stage.run("fetch", {"src": "/a", "dest": "one.txt", "flat": True})
    stage.run("fetch", {"src": "/a", "dest": "folder/", "flat": True})
    assert (stage.files / "one.txt").read_text() == (stage.files / "folder/a").read_text() == "x"


def test_an_empty_file_arrives_empty(stage: Stage) -> None:
    (stage.root / "a").write_text("")
    assert stage.run("fetch", {"src": "/a", "dest": "a", "flat": True})["changed"]
    assert (stage.files / "a").read_bytes() == b""


def test_a_missing_file_fails_unless_that_is_allowed(stage: Stage) -> None:
    assert stage.run("fetch", {"src": "/a", "dest": "a", "flat": True})["failed"]
    assert not stage.run("fetch", {"src": "/a", "dest": "a", "flat": True, "fail_on_missing": False}).get("failed")


def test_check_mode_skips_it_as_ansible_does_and_brings_nothing(stage: Stage) -> None:
    (stage.root / "a").write_text("x")
    said = stage.run("fetch", {"src": "/a", "dest": "deep/a", "flat": True}, check=True)
    assert (said["skipped"], said["changed"]) == (True, False)
    assert list(stage.files.iterdir()) == []


def test_a_path_with_dots_in_it_stays_below_the_hosts_folder(stage: Stage) -> None:
    (stage.root / "a").mkdir()
    (stage.root / "b").write_text("x")
    said = stage.run("fetch", {"src": "a/../b", "dest": "saved"})
    assert said["dest"] == str((stage.files / "saved/web1/b").resolve())
    assert (stage.files / "saved/web1/b").read_text() == "x"


def test_a_folder_in_the_place_of_the_file_is_refused(stage: Stage) -> None:
    (stage.root / "a").write_text("x")
    (stage.files / "here/a").mkdir(parents=True)
    with pytest.raises(InputError, match="dest is an existing directory, use a trailing slash"):
        stage.run("fetch", {"src": "/a", "dest": "here", "flat": True})
    with pytest.raises(InputError, match=r"calculated dest .*here/a' is an existing directory"):
        stage.run("fetch", {"src": "/a", "dest": "here/", "flat": True})


def test_what_is_no_path_is_refused(stage: Stage) -> None:
    with pytest.raises(BadParameters, match="Invalid type supplied for source option"):
        stage.run("fetch", {"src": [1, 2], "dest": "saved"})


def test_a_file_that_may_not_be_looked_at_is_not_readable(stage: Stage) -> None:
    unknowable = "/" + "n" * 300
    said = stage.run("fetch", {"src": unknowable, "dest": "saved", "flat": True})
    assert said["msg"].startswith(f"file is not readable: {unknowable}: ")
    said = stage.run("fetch", {"src": unknowable, "dest": "saved", "flat": True, "fail_on_missing": False})
    assert said["msg"].endswith(", not transferring, ignored")
