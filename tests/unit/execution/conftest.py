"""A theatre for each test, in which quiet is noticed at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.execution import executor
from tests.support.theatre import Theatre


@pytest.fixture
def theatre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theatre:
    """Return an empty theatre with the hosts h1 and h2."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(executor, "QUIET_S", 0.002)
    return Theatre(tmp_path)
