"""A record that outlives runs: appended by one process after the other, whole after a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.journal import chronicle


def test_what_one_process_wrote_the_next_one_reads_and_goes_on_from(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "record.jsonl"
    with chronicle.opened(path) as record:
        record.add("state", "ann", state="built")
    with chronicle.opened(path) as record:
        record.add("state", "ben", state="ready")
    assert [(e.kind, e.by, e.data) for e in chronicle.read(path)] == [
        ("state", "ann", {"state": "built"}),
        ("state", "ben", {"state": "ready"}),
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_short_at_any_byte_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    with chronicle.opened(path) as record:
        record.add("state", "ann", state="built")
        whole = path.read_bytes()
        record.add("state", "ann", state="ready")
    full = path.read_bytes()
    for size in range(len(whole), len(full)):
        path.write_bytes(full[:size])
        assert [e.data["state"] for e in chronicle.read(path)] == ["built"]
        with chronicle.opened(path) as record:
            record.add("state", "ann", state="again")
        assert [e.data["state"] for e in chronicle.read(path)] == ["built", "again"]


def test_a_changed_line_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    with chronicle.opened(path) as record:
        record.add("state", "ann", state="built")
        record.add("state", "ann", state="ready")
    path.write_bytes(path.read_bytes().replace(b"built", b"burnt"))
    with pytest.raises(InputError, match=r"record\.jsonl:2: the record was damaged"):
        chronicle.read(path)


def test_only_one_process_writes_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "record.jsonl"
    with (
        chronicle.opened(path),
        pytest.raises(chronicle.InUse, match="another process works on shop"),
        chronicle.opened(path),
    ):
        pass
