"""Calls of rsync: options, progress, and what it did by its own log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.remote import copying
from provisioner.remote.copying import Progress, Wishes, done, logged, options

PLAIN = Wishes(False, 0, False, False, False, False, [], 60)


def test_everything_about_a_file_is_copied_and_halves_are_kept() -> None:
    words = options(PLAIN, "/log")

    assert {"-aHAXS", "--numeric-ids", "--partial-dir=.provisioner-partial", "--no-D", "--log-file=/log"} <= set(words)
    assert not [word for word in words if "delete" in word or "bwlimit" in word]


def test_wishes_become_options() -> None:
    words = options(
        PLAIN._replace(delete=True, throttle=20 << 20, special=True, checksum=True, patterns=["--exclude=x"]), "/l"
    )

    assert {"--delete-delay", "--bwlimit=20480", "-D", "-c", "--exclude=x"} <= set(words)
    assert words.index("--filter=R .provisioner-partial/") < words.index("--exclude=x")


def test_a_throttle_is_never_none_by_rounding() -> None:
    assert "--bwlimit=1" in options(PLAIN._replace(throttle=3), "/l")


CLOSING = """
Number of files: 5051 (reg: 5000, dir: 51)
Number of regular files transferred: 12
Total file size: 32977500 bytes
Total bytes sent: 129
Total bytes received: 88325
"""
ITEMS = [">f+++++++++ a\\#012b", ".d..t...... ./", "*deleting   gone", "hf+++++++++ hard => a", ".f...p..... x"]


def test_the_log_tells_what_was_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "".join(f"2026/11/22 06:21:08 [127] {line}\n" for line in [*ITEMS, "sent 129 bytes", *CLOSING.splitlines()])
    )

    found = logged(str(log))

    assert (found.changed, found.deleted, found.names) == (True, 1, ITEMS)
    assert found.numbers == {"total_files": 5000, "total_bytes": 32977500, "files": 12, "sent": 129, "received": 88325}


def test_what_would_be_done_is_said_without_a_log() -> None:
    found = done([*ITEMS, *CLOSING.splitlines()])

    assert (found.changed, found.deleted, found.names) == (True, 1, ITEMS)
    assert found.numbers["total_files"] == 5000


def test_without_items_nothing_changed(tmp_path: Path) -> None:
    assert not done(CLOSING.splitlines()).changed
    assert logged(str(tmp_path / "nothing")).numbers["files"] == 0


def test_progress_is_told_now_and_then_and_kept_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    progress = Progress("uploads", str(tmp_path / "progress"), lambda _stream, text: told.append(text))
    line = b"\r  104857600  25%   31.25MB/s    0:01:05 (xfr#3, to-chk=5/9)"
    progress.hear("stdout", line)
    assert told == []
    progress.due = 0

    progress.hear("stderr", line)
    progress.hear("stdout", line[:20])
    progress.hear("stdout", line[20:] + line)
    progress.hear("stdout", line)

    assert told == ["uploads: 25 %, 104.9 MB copied, 32.8 MB/s, 1:05 to go\n"]
    kept = json.loads((tmp_path / "progress").read_text())
    assert (kept["bytes"], kept["percent"], kept["rate"], kept["eta_s"]) == (104857600, 25, 32768000, 65)


def test_a_rate_has_its_unit() -> None:
    found = copying.PROGRESS.findall(b" 1,234  1%  10.00kB/s  1:00:01 ")

    assert copying.figures(found[0]) == {"bytes": 1234, "percent": 1, "rate": 10240, "eta_s": 3601}
