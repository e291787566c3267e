"""The record of a lab: written whole, read back, and told apart from damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.lab.commands import LabError
from provisioner.lab.record import LabRecord


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    record = LabRecord("dev", 3, {}).with_hosts(["old", "new"])
    record.write(folder)
    assert LabRecord.read(folder) == record
    assert [path.name for path in folder.iterdir()] == ["lab.json"]


def test_no_record_is_no_lab(tmp_path: Path) -> None:
    assert LabRecord.read(tmp_path / "dev") is None


def test_a_host_keeps_its_number_when_others_come(tmp_path: Path) -> None:
    record = LabRecord("dev", 0, {"b": 2}).with_hosts(["a", "b", "c"])
    assert record.hosts == {"b": 2, "a": 1, "c": 3}
    assert list(record.addresses.items()) == [("a", "10.77.0.11"), ("b", "10.77.0.12"), ("c", "10.77.0.13")]


@pytest.mark.parametrize(("text", "what"), [("{", "damaged"), ('{"version": 99}', "another version")])
def test_a_record_that_cannot_be_used_is_named(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "lab.json").write_text(text)
    with pytest.raises(LabError, match=what):
        LabRecord.read(tmp_path)
