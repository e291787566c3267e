"""copy: one round trip for small content, no content at all where the host has it, folders by manifest."""

from __future__ import annotations

import hashlib

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.execution.files import SMALL
from tests.support.stage import VAULT, Stage


def test_a_small_file_is_one_call_that_lets_others_follow(stage: Stage) -> None:
    stage.write("files/motd", "welcome\n")
    result = stage.run("copy", {"src": "motd", "dest": "/motd", "mode": "0640"})
    assert result["changed"]
    assert result["mode"] == "0640"
    assert result["md5sum"] == hashlib.md5(b"welcome\n", usedforsecurity=False).hexdigest()
    assert [(call.last, call.request.body) for call in stage.calls] == [(True, b"welcome\n")]
    assert len(stage.needs) == 1
    assert (stage.root / "motd").read_text() == "welcome\n"


def test_a_second_run_changes_nothing(stage: Stage) -> None:
    stage.write("files/motd", "welcome\n")
    stage.run("copy", {"src": "motd", "dest": "/motd"})
    result = stage.run("copy", {"src": "motd", "dest": "/motd"})
    assert result["changed"] is False
    assert result["checksum"] == hashlib.sha1(b"welcome\n", usedforsecurity=False).hexdigest()
    assert "md5sum" not in result


def test_large_content_is_sent_only_where_it_is_missing(stage: Stage) -> None:
    stage.write("big", b"x" * (SMALL + 1))
    assert stage.run("copy", {"src": "big", "dest": "/big"})["changed"]
    assert [(call.last, call.request.body is None) for call in stage.calls] == [(False, True), (True, False)]
    stage.needs.clear()
    assert not stage.run("copy", {"src": "big", "dest": "/big"})["changed"]
    assert [call.request.body for call in stage.calls] == [None]


def test_check_mode_foretells_a_large_file_without_sending_it(stage: Stage) -> None:
    stage.write("big", b"x" * (SMALL + 1))
    result = stage.run("copy", {"src": "big", "dest": "/big"}, check=True)
    assert result["changed"]
    assert "_needs_content" not in result
    assert len(stage.calls) == 1
    assert not (stage.root / "big").exists()


def test_empty_files_and_empty_text_arrive_empty(stage: Stage) -> None:
    stage.write("files/nothing", "")
    assert stage.run("copy", {"src": "nothing", "dest": "/a"})["changed"]
    assert stage.run("copy", {"content": "", "dest": "/b"})["changed"]
    assert (stage.root / "a").read_bytes() == (stage.root / "b").read_bytes() == b""


def test_content_that_is_data_becomes_json(stage: Stage) -> None:
    stage.run("copy", {"content": {"a": [1, True]}, "dest": "/data.json"})
    assert (stage.root / "data.json").read_text() == '{"a": [1, true]}'


def test_a_folder_sends_only_what_the_host_lacks(stage: Stage) -> None:
    stage.write("files/site/index.html", "hello")
    stage.write("files/site/css/a.css", "a{}")
    assert stage.run("copy", {"src": "site", "dest": "/srv"})["changed"]
    assert (stage.root / "srv/site/css/a.css").read_text() == "a{}"
    stage.write("files/site/index.html", "hello again")
    stage.needs.clear()
    assert stage.run("copy", {"src": "site", "dest": "/srv"})["changed"]
    assert len(stage.calls) == 2
    assert (stage.root / "srv/site/index.html").read_text() == "hello again"
    stage.needs.clear()
    assert not stage.run("copy", {"src": "site", "dest": "/srv"})["changed"]
    assert len(stage.calls) == 1
    assert list(stage.scratch.iterdir()) == []


def test_a_slash_copies_what_is_in_the_folder(stage: Stage) -> None:
    stage.write("files/site/index.html", "hello")
    stage.run("copy", {"src": "site/", "dest": "/srv/www"})
    assert (stage.root / "srv/www/index.html").read_text() == "hello"


def test_a_vault_file_arrives_decrypted_unless_it_is_not_wanted(stage: Stage) -> None:
    sealed = VAULT.encrypt(b"the key\n")
    stage.write("files/key", sealed)
    stage.run("copy", {"src": "key", "dest": "/key"})
    stage.run("copy", {"src": "key", "dest": "/sealed", "decrypt": False})
    assert (stage.root / "key").read_bytes() == b"the key\n"
    assert (stage.root / "sealed").read_text() == sealed


def test_what_is_on_the_host_is_copied_there(stage: Stage) -> None:
    (stage.root / "old").write_text("x")
    assert stage.run("copy", {"src": "/old", "dest": "/new", "remote_src": True})["changed"]
    assert (stage.root / "new").read_text() == "x"


def test_a_missing_file_names_every_place_it_was_looked_for(stage: Stage) -> None:
    with pytest.raises(InputError, match="file not found: nowhere") as caught:
        stage.run("copy", {"src": "nowhere", "dest": "/x"})
    assert f"{stage.files}/files/nowhere" in str(caught.value)


def test_a_file_for_many_hosts_is_read_once_and_again_when_it_changed(stage: Stage) -> None:
    path = stage.write("files/motd", "one")
    first = stage.cache.file(path)
    assert stage.cache.file(path) is first
    stage.write("files/motd", "three")
    assert stage.cache.file(path).content == b"three"


def test_large_text_is_sent_only_where_it_is_missing(stage: Stage) -> None:
    args = {"content": "x" * (SMALL + 1), "dest": "/big"}
    assert stage.run("copy", args)["changed"]
    assert len(stage.calls) == 2
    stage.needs.clear()
    assert not stage.run("copy", args)["changed"]
    assert [call.request.body for call in stage.calls] == [None]


def test_the_difference_names_where_the_content_comes_from(stage: Stage) -> None:
    path = stage.write("files/motd", "new\n")
    (stage.root / "motd").write_text("old\n")
    diff = stage.run("copy", {"src": "motd", "dest": "/motd"}, check=True)["diff"][0]
    assert (diff["before_header"], diff["after_header"]) == ("/motd", str(path))
    assert (diff["before"], diff["after"]) == ("old\n", "new\n")


def test_check_mode_shows_the_difference_of_a_large_file(stage: Stage) -> None:
    stage.write("big", "x\n" * (SMALL // 2 + 1))
    (stage.root / "big").write_text("old\n")
    diff = stage.run("copy", {"src": "big", "dest": "/big"}, check=True)["diff"][0]
    assert diff["after"].startswith("x\n")


def test_text_with_preserved_permissions_is_the_owners_alone(stage: Stage) -> None:
    assert stage.run("copy", {"content": "x", "dest": "/a", "mode": "preserve"})["mode"] == "0600"
