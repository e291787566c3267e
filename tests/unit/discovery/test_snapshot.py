"""Snapshots: the same server gives the same file and the same hash, and a file is not to be changed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.discovery.snapshot import Coverage, Scope, Snapshot, Taken, load, save

PORTS = Scope(items={"tcp *:80": {"programs": ["nginx"]}, "tcp *:22": {"programs": ["sshd"]}})
SERVER = Snapshot("web1", "10.0.0.1", Taken(1000.5, 1.2, "root", "0.1"), {"ports": PORTS}, {"os": {"epoch": 1}})


def test_a_saved_snapshot_is_loaded_as_it_was_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "web1.json"
    save(SERVER, path)
    assert load(path) == SERVER
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["web1.json"]


def test_the_hash_is_of_what_the_server_is_and_not_of_when_and_how_it_was_asked() -> None:
    turned = Scope(items=dict(reversed(PORTS.items.items())))
    later = Snapshot("other", "10.0.0.2", Taken(2000.0, 9.9, "ops", "0.2"), {"ports": turned}, {"os": {"epoch": 2}})
    assert later.hash == SERVER.hash
    closed = Snapshot("web1", scopes={"ports": Scope(items={"tcp *:22": {"programs": ["sshd"]}})})
    assert closed.hash != SERVER.hash
    unseen = Snapshot("web1", scopes={"ports": Scope(Coverage.PARTLY, ("not root",), PORTS.items)})
    assert unseen.hash != SERVER.hash


def test_items_of_a_scope_that_is_not_there_are_none() -> None:
    assert SERVER.items("users") == {}
    assert SERVER.items("ports") == PORTS.items


def test_a_file_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "web1.json"
    save(SERVER, path)
    path.write_text(path.read_text().replace("nginx", "apache"), encoding="utf-8")
    with pytest.raises(InputError, match="changed after it was taken"):
        load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": "provisioner snapshot",\n "x" 1}', "2:6: error: a snapshot is JSON, and this is not"),
        ("[1]", "a mapping is needed, not list"),
        ('{"format": "other"}', "it is no snapshot"),
        ('{"format": "provisioner snapshot", "version": 99}', "has version 99, and this program reads version 1"),
        ('{"format": "provisioner snapshot", "version": 1}', "it has no 'scopes'"),
    ],
)
def test_what_is_no_snapshot_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "web1.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        load(tmp_path / "none.json")


def test_the_text_is_sorted_json(tmp_path: Path) -> None:
    data = json.loads(SERVER.text())
    assert list(data) == sorted(data)
    assert list(data["scopes"]["ports"]["items"]) == ["tcp *:22", "tcp *:80"]
    assert data["hash"] == SERVER.hash
