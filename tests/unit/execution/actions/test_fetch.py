"""fetch: by host below dest, or flat; not again where the controller has it."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
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


def test_check_mode_foretells_and_writes_nothing(stage: Stage) -> None:
    (stage.root / "a").write_text("x")
    assert stage.run("fetch", {"src": "/a", "dest": "deep/a", "flat": True}, check=True)["changed"]
    assert list(stage.files.iterdir()) == []


def test_a_path_that_leads_out_of_the_folder_is_refused(stage: Stage) -> None:
    with pytest.raises(InputError, match="leads out"):
        stage.run("fetch", {"src": "/a/../../../b", "dest": "saved"})
