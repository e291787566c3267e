"""Modules change and remove what they are told to: their tests run where a mistake finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, so that a path taken for the current folder is not that of the project."""
    place = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(place)
    return place
