"""The module git on real repositories: clones, branches, tags, local changes, bare clones."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import git
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


def run(folder: Path, *words: str) -> str:
    settings = ["-c", "user.email=a@b", "-c", "user.name=a"]
    return subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, text: str) -> str:
    (folder / "f").write_text(text)
    run(folder, "add", "f")
    run(folder, "commit", "-qm", text)
    return run(folder, "rev-parse", "HEAD").strip()


@pytest.fixture(name="origin")
def a_repository_with_two_commits_a_tag_and_a_branch(tmp_path: Path) -> Path:
    origin = tmp_path / "origin"
    origin.mkdir()
    run(origin, "init", "-q", "--initial-branch=main")
    commit(origin, "one")
    run(origin, "tag", "-a", "v1", "-m", "x")
    run(origin, "branch", "dev")
    commit(origin, "second")
    return origin


def ask(origin: Path, dest: str, **params: Any) -> tuple[bool, str]:
    """Return what check mode and the run agree on; a second run must find nothing to do."""
    raw = {"repo": f"file://{origin}", "dest": str(origin.parent / dest), **params}
    system = System(tmp=str(origin.parent))
    check = run_module(git, raw, Mode(check=True), system)
    result = run_module(git, raw, Mode(), system)
    assert not result.get("failed"), result
    assert check["changed"] == result["changed"]
    assert run_module(git, raw, Mode(), system)["changed"] is False
    return result["changed"], (origin.parent / dest / "f").read_text() if "bare" not in params else ""


def test_a_clone_goes_from_version_to_version(origin: Path) -> None:
    assert ask(origin, "a") == (True, "second")
    assert ask(origin, "a", version="v1") == (True, "one")
    assert ask(origin, "a", version="dev") == (True, "one")  # the same commit, but on a branch now
    assert ask(origin, "a", version="main") == (True, "second")
    third = commit(origin, "the third")
    assert ask(origin, "a") == (True, "the third")
    assert ask(origin, "a", version=third) == (False, "the third")


def test_local_changes_stop_it_unless_forced(origin: Path) -> None:
    ask(origin, "a")
    (origin.parent / "a" / "f").write_text("mine")
    raw = {"repo": f"file://{origin}", "dest": str(origin.parent / "a")}
    assert "Local modifications" in run_module(git, raw, Mode(), System())["msg"]
    assert ask(origin, "a", force=True) == (True, "second")


def test_a_shallow_clone_gets_the_newest_of_its_branch(origin: Path) -> None:
    assert ask(origin, "a", depth=1, version="main") == (True, "second")
    commit(origin, "the third")
    assert ask(origin, "a", depth=1, version="main") == (True, "the third")
    assert run(origin.parent / "a", "rev-list", "--count", "HEAD").strip() in {"1", "2"}


def test_a_bare_clone_follows_every_branch(origin: Path) -> None:
    assert ask(origin, "a.git", bare=True)[0] is True
    run(origin, "checkout", "-q", "dev")
    newest = commit(origin, "on the branch")
    run(origin, "checkout", "-q", "main")
    assert ask(origin, "a.git", bare=True)[0] is True
    assert run(origin.parent / "a.git", "rev-parse", "dev").strip() == newest


def test_an_archive_is_made_once_and_again_when_the_version_changed(origin: Path) -> None:
    archive = origin.parent / "x.tar"
    assert ask(origin, "a", archive=str(archive))[0] is True
    before = archive.read_bytes()
    commit(origin, "the third")
    assert ask(origin, "a", archive=str(archive))[0] is True
    assert archive.read_bytes() != before


def test_a_version_that_is_nowhere_is_named(origin: Path) -> None:
    ask(origin, "a")
    raw = {"repo": f"file://{origin}", "dest": str(origin.parent / "a"), "version": "nope"}
    assert "no branch, tag or known commit nope" in run_module(git, raw, Mode(), System())["msg"]


SIGNER = """#!/bin/sh
cat > /dev/null
case "$*" in
*--verify*) printf "\\n[GNUPG:] GOODSIG 0 ann\\n[GNUPG:] VALIDSIG ABCD 1 2 3 4 5 6 7 8 ABCD\\n" ;;
*) echo "[GNUPG:] SIG_CREATED " >&2; printf -- "-----BEGIN PGP SIGNATURE-----\\n-----END PGP SIGNATURE-----\\n" ;;
esac
"""


def test_of_a_tag_that_is_only_a_name_the_commits_signature_counts(
    origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = origin.parent / "signer"
    signer.write_text(SIGNER)
    signer.chmod(0o755)
    (origin.parent / "settings").write_text(f"[gpg]\nprogram = {signer}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(origin.parent / "settings"))
    run(origin, "tag", "unsigned")
    run(origin, "commit", "--allow-empty", "--gpg-sign", "-qm", "signed")
    run(origin, "tag", "signed")
    run(origin, "tag", "-a", "unsigned-itself", "-m", "x")
    assert ask(origin, "a", version="signed", verify_commit=True)[0]
    assert ask(origin, "b", version="signed", verify_commit=True, gpg_allowlist=["AB CD"])[0]
    for number, version in enumerate(("unsigned", "unsigned-itself")):
        raw = {"repo": f"file://{origin}", "dest": str(origin.parent / str(number)), "version": version}
        result = run_module(git, {**raw, "verify_commit": True}, Mode(), System(tmp=str(origin.parent)))
        assert f'Failed to verify GPG signature of commit/tag "{version}"' in result["msg"]


def test_a_repository_moves_to_the_directory_asked_for_and_says_from_where(origin: Path) -> None:
    assert ask(origin, "a")[0] is True
    apart = origin.parent / "git" / "a"
    for now, before in ((apart, origin.parent / "a" / ".git"), (apart.parent / "b", apart)):
        raw = {"repo": f"file://{origin}", "dest": str(origin.parent / "a"), "separate_git_dir": str(now)}
        system = System(tmp=str(origin.parent))
        check = run_module(git, {**raw, "update": False}, Mode(check=True), system)
        assert (check["changed"], now.exists()) == (True, False)
        result = run_module(git, raw, Mode(), system)
        assert (result["changed"], result["git_dir_before"], result["git_dir_now"]) == (True, str(before), str(now))
        again = run_module(git, {**raw, "update": False}, Mode(), system)
        assert (again["changed"], "git_dir_now" in again) == (False, False)
        assert run(origin.parent / "a", "status", "--porcelain") == ""
    assert not apart.exists()


def test_a_repository_does_not_move_over_what_is_there(origin: Path) -> None:
    ask(origin, "a")
    raw = {"repo": f"file://{origin}", "dest": str(origin.parent / "a"), "separate_git_dir": str(origin)}
    result = run_module(git, raw, Mode(), System(tmp=str(origin.parent)))
    assert result["failed"]
    assert "already exists" in result["msg"]
