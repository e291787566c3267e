"""Passes of rsync: a connection that breaks is made again, what cannot be mended is said, and marks are set in time."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import sync_tree
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.commands import Commands, Completed

ITEM = ">f+++++++++ a\n"
CLOSING = "Number of files: 2 (reg: 1, dir: 1)\nNumber of regular files transferred: 1\nTotal bytes received: 2000\n"


class Rsync(Commands):
    """Plays rsync: ends with the given codes one after the other and logs one item; remembers all calls."""

    def __init__(self, *codes: int, errors: str = "rsync: connection unexpectedly closed\n") -> None:
        self.codes, self.errors = list(codes), errors
        self.calls: list[list[str]] = []

    def run(self, argv: Sequence[str], **_more: Any) -> Completed:
        self.calls.append(list(argv))
        if argv[0] == "ssh":
            return Completed(255, "", "")
        code = self.codes.pop(0)
        log = next((word.partition("=")[2] for word in argv if word.startswith("--log-file=")), "")
        if log and code == 0:
            lines = [ITEM, *CLOSING.splitlines(True)]
            Path(log).write_text("".join("2026/11/22 06:21:08 [127] " + line for line in lines))
        return Completed(code, ITEM + CLOSING, "" if code == 0 else self.errors)


@pytest.fixture(name="folder")
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sync_tree, "WAIT_S", (0.0,))
    folder = tmp_path / "moves"
    folder.mkdir()
    for ending in ("key", "ssh"):
        (folder / f"uploads.{ending}").touch()
    monkeypatch.setattr("provisioner.remote.transfers.Transfer.socket", str(tmp_path / "run" / "socket"))
    return folder


def run(folder: Path, rsync: Commands, mode: Mode | None = None, **params: Any) -> dict[str, Any]:
    given = {"folder": str(folder), "name": "uploads", "trees": [{"path": str(folder.parent / "tree")}], **params}
    return run_module(sync_tree, given, mode or Mode(), System(commands=rsync, tmp=str(folder)))


def test_a_pass_returns_what_it_did_and_how_fast(folder: Path) -> None:
    told = run(folder, Rsync(0))

    assert told["changed"] is True
    assert told["measured"]["files"] == 1
    assert told["measured"]["bytes"] == 2000
    assert told["measured"]["rate"] > 0
    assert told["total"] == {"files": 1, "bytes": 0}
    assert (folder / "uploads.begun").exists()


def test_a_connection_that_broke_is_dropped_and_made_again(folder: Path) -> None:
    rsync = Rsync(12, 255, 0)

    told = run(folder, rsync)

    assert not told.get("failed"), told
    assert [call[0] for call in rsync.calls] == ["rsync", "ssh", "rsync", "ssh", "rsync"]
    assert rsync.calls[1][-3:] == ["-O", "exit", "peer"]


def test_after_as_many_attempts_as_allowed_it_fails(folder: Path) -> None:
    told = run(folder, Rsync(12, 12), attempts=2)

    assert told["failed"]
    assert told["msg"] == (
        "the other host could not be reached, or not for long enough: rsync: connection unexpectedly closed"
    )
    assert told["rc"] == 12


@pytest.mark.parametrize(
    ("code", "why"),
    [(23, "rsync ended with 23: rsync: failed to set times"), (127, "rsync is not on this host")],
)
def test_what_a_new_connection_does_not_mend_is_not_tried_again(folder: Path, code: int, why: str) -> None:
    rsync = Rsync(code, errors="rsync: failed to set times\n")

    assert run(folder, rsync)["msg"].startswith(why)
    assert len(rsync.calls) == 1


def test_files_that_vanish_are_no_failure_while_the_source_moves_and_are_one_when_it_is_frozen(folder: Path) -> None:
    assert not run(folder, Rsync(24)).get("failed")
    assert "something still writes there" in run(folder, Rsync(24), moving=False)["msg"]


def test_output_beyond_what_is_kept_is_no_failure(folder: Path) -> None:
    class Chatty(Rsync):
        def run(self, argv: Sequence[str], **more: Any) -> Completed:
            done = super().run(argv, **more)
            raise Failed("ended after 20000000 bytes of output", rc=done.rc, changed=True)

    assert run(folder, Chatty(0))["changed"] is True


def test_a_pass_that_still_runs_is_waited_for_but_not_for_ever(folder: Path) -> None:
    with open(folder / "uploads.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        assert run(folder, Rsync(0), wait=0.1)["msg"] == "another pass of the transfer uploads is running on this host"


def test_pushing_marks_this_copy_as_the_one_that_counts_before_anything_is_sent(folder: Path) -> None:
    assert run(folder, Rsync(23), direction="push")["failed"]

    assert (folder / "uploads.turned").exists()
    assert "would overwrite it" in run(folder, Rsync(0))["msg"]


def test_the_mark_stays_until_the_last_push_went_well(folder: Path) -> None:
    (folder / "uploads.turned").touch()

    assert run(folder, Rsync(23), direction="return")["failed"]
    assert (folder / "uploads.turned").exists()
    assert run(folder, Rsync(0), direction="return")["returned"] is True
    assert not (folder / "uploads.turned").exists()


def test_what_is_pushed_is_measured_by_what_was_sent_and_goes_the_other_way(folder: Path) -> None:
    rsync = Rsync(0)

    told = run(folder, rsync, direction="push", delete=True)

    assert rsync.calls[0][-2:] == [f"{folder.parent}/tree/", "peer::uploads-0000/"]
    assert told["measured"]["bytes"] == 0


def test_without_a_key_it_says_what_makes_one(folder: Path) -> None:
    (folder / "uploads.key").unlink()

    assert "'transfer_key' makes it" in run(folder, Rsync())["msg"]


def test_check_mode_asks_rsync_and_marks_nothing(folder: Path) -> None:
    rsync = Rsync(0)

    told = run(folder, rsync, Mode(check=True, diff=True))

    assert "--dry-run" in rsync.calls[0]
    assert told["changed"] is True
    assert told["diff"]["after"] == ITEM
    assert not (folder / "uploads.begun").exists()


def test_comparing_names_what_differs_and_fails(folder: Path) -> None:
    told = run(folder, Rsync(0), direction="compare", delete=True)

    assert told["failed"]
    assert told["msg"] == "the hosts do not hold the same: >f+++++++++ a"
