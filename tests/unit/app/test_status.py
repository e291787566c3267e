"""The status of hosts: what migrations they are part of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner.app.migrating.book import FILE, folder_of
from provisioner.app.status import status
from provisioner.journal import chronicle
from provisioner.migration.record import IN_SYNC, RETIRED


def write(name: str, state: str) -> None:
    place = folder_of(name) / FILE
    place.parent.mkdir(parents=True)
    with chronicle.opened(place) as record:
        record.add("defined", "ann", path="x.yml", fingerprint=name, hosts={"old": ["web1"], "new": ["web2"]})
        record.add("state", "ann", state=state, because="")


def test_hosts_are_listed_with_the_migrations_that_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path))
    write("shop", IN_SYNC)
    write("done", RETIRED)
    found = {each.name: each.migrations for each in status((), os.environ)}
    assert found == {"web1": ("shop (old, in_sync)",), "web2": ("shop (new, in_sync)",)}
    (folder_of("shop") / FILE).write_text("damaged\n")
    assert status((), os.environ) == []
