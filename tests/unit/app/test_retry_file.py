"""The file of hosts that a run did not bring to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.app.retry_file import write_retry_file


@pytest.mark.parametrize("folder", ["", "retries"])
def test_the_hosts_are_written_one_a_line_where_the_setting_says(tmp_path: Path, folder: str) -> None:
    place = str(tmp_path / folder) if folder else ""
    path = write_retry_file([str(tmp_path / "site.yml")], place, {"h2", "h1"})
    assert path == tmp_path / folder / "site.retry"
    assert path.read_text() == "h1\nh2\n"


@pytest.mark.parametrize(("folder", "hosts"), [(None, ["h1"]), ("", [])])
def test_nothing_is_written_where_nobody_wants_it_or_no_host_failed(
    tmp_path: Path, folder: str | None, hosts: list[str]
) -> None:
    assert write_retry_file([str(tmp_path / "site.yml")], folder, hosts) is None
    assert list(tmp_path.iterdir()) == []
