"""Two throw-away hosts for the whole module run, and sessions to them by every connection type."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.lab.lab import Lab
from provisioner.model.target import Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.links import Limits
from tests.support.talk import Talk, sources_with_probe, transport_threads

MakeTarget = Callable[..., Target]


@pytest.fixture(name="lab", scope="package")
def two_hosts() -> Iterator[Lab]:
    lab = Lab(f"tp{os.getpid()}")
    lab.up(["one", "two"])
    yield lab
    lab.down()


@pytest.fixture(name="sources", scope="package")
def sources_of_the_worker(tmp_path_factory: pytest.TempPathFactory) -> ModuleSources:
    return sources_with_probe(tmp_path_factory.mktemp("sources"))


@pytest.fixture(name="target")
def makes_targets(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeTarget:
    """Return a function that describes a way to a lab host; nothing of this machine's own ssh settings counts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    def make(connection: str = "ssh", user: str = "root", host: str = "one", **more: Any) -> Target:
        if connection == "local":
            return Target(host, connection="local", python="/usr/bin/python3")
        usual = {"private_key": str(lab.key_path), "known_hosts": str(lab.known_hosts_path), "connect_timeout_s": 5.0}
        address = lab.host(host).address
        return Target(host, connection, **{"address": address, "user": user, **usual, **more})

    return make


@pytest.fixture(name="talk")
def sessions(sources: ModuleSources, target: MakeTarget) -> Iterator[Talk]:
    talk = Talk(sources, target(), Limits(close_s=4.0))
    yield talk
    talk.sessions.close()
    assert transport_threads() == []
