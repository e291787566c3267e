"""Paths that begin with a home folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import Source
from provisioner.loading.playbook import load_play_text
from provisioner.loading.settings import LoadSettings


def test_a_home_is_put_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/homes/me")
    assert expanded("~/x") == Path("/homes/me/x")
    assert expanded("/a/~/x") == Path("/a/~/x")


@pytest.mark.parametrize("written", ["~nobody-of-that-name/x", "~\0/x", "~\udcff"])
def test_a_home_of_nobody_stays_as_it_is_written(written: str) -> None:
    assert expanded(written) == Path(written)


def test_a_file_in_the_home_of_nobody_is_a_mistake_of_the_playbook_and_no_defect(tmp_path: Path) -> None:
    text = "- hosts: all\n  vars_files: ['~nobody-of-that-name/x.yml']\n  tasks: []\n"
    _, findings = load_play_text(Source("site.yml", text), LoadSettings(basedir=str(tmp_path)))
    assert [each.summary for each in findings.all if "~nobody-of-that-name/x.yml" in each.render()]
