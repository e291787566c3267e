"""The galaxy command: verbs, kinds, exit codes. What they do is tested in tests/unit/galaxy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.cli.commands.galaxy import with_kind
from provisioner.cli.main import main


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path / "c"))
    monkeypatch.setenv("ANSIBLE_ROLES_PATH", str(tmp_path / "r"))
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_SCAN_SYS_PATH", "no")


def test_a_collection_is_made_built_installed_listed_and_verified(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["init", "ns.a"], ["build", "ns/a"], ["install", "ns-a-1.0.0.tar.gz"], ["verify", "ns.a"]):
        assert main(["galaxy", "collection", *words]) == 0
    capsys.readouterr()
    assert main(["galaxy", "collection", "list", "--format", "json"]) == 0
    assert list(json.loads(capsys.readouterr().out).values()) == [{"ns.a": {"version": "1.0.0"}}]


def test_a_role_is_made_listed_described_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["galaxy", "role", "init", "--init-path", "r", "mine"]) == 0
    assert main(["galaxy", "role", "list"]) == 0
    assert main(["galaxy", "role", "info", "--offline", "mine"]) == 0
    assert main(["galaxy", "role", "remove", "mine"]) == 0
    told = capsys.readouterr().out
    assert "- mine, (unknown version)" in told
    assert "Role: mine" in told
    assert not (tmp_path / "r/mine").exists()


def test_a_changed_collection_gives_exit_code_1(tmp_path: Path) -> None:
    for words in (["init", "ns.a"], ["build", "ns/a"], ["install", "ns-a-1.0.0.tar.gz"]):
        main(["galaxy", "collection", *words])
    (tmp_path / "c/ansible_collections/ns/a/README.md").write_text("other\n")
    assert main(["galaxy", "collection", "verify", "ns.a"]) == 1


@pytest.mark.parametrize(
    "words",
    [["role", "install"], ["role", "build"], ["collection", "publish", "x"], ["role", "install", "-r", "gone.yml"]],
)
def test_what_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["galaxy", *words]) != 0
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["install", "x"], ["role", "install", "x"]), (["role", "list"], ["role", "list"]),
        (["collection", "list"], ["collection", "list"]), ([], ["role"]),
    ],
)  # fmt: skip
def test_a_kind_that_is_left_out_is_a_role(words: list[str], expected: list[str]) -> None:
    assert with_kind(words) == expected
