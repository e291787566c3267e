"""Sessions on this machine, and the worker with a module that misbehaves on request."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.model.target import Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.links import Limits
from tests.support.talk import Talk, sources_with_probe, transport_threads


@pytest.fixture(name="sources", scope="session")
def sources_of_the_worker(tmp_path_factory: pytest.TempPathFactory) -> ModuleSources:
    return sources_with_probe(tmp_path_factory.mktemp("sources"))


@pytest.fixture(name="here")
def this_machine() -> Target:
    return Target("here", connection="local", python=sys.executable)


@pytest.fixture(name="talk")
def sessions_on_this_machine(sources: ModuleSources, here: Target, tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(sources, here, Limits(close_s=3.0))
    yield talk
    talk.sessions.close()
    assert transport_threads() == []
