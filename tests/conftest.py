"""What all tests share: lab hosts on request, and a state folder that is never the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from provisioner.diagnostics.errors import ProvisionerError
from provisioner.lab.lab import Lab

LAB_HOSTS = ("h1", "h2", "h3")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-hosts", action="store_true", help="leave out the tests that need lab hosts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever uses a lab is a host test, marked or not; with --no-hosts these are left out and counted."""
    kept, left_out = [], []
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.hosts)
        is_out = config.getoption("--no-hosts") and item.get_closest_marker("hosts") is not None
        (left_out if is_out else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep journals and crash files of tests out of the user's state folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROVISIONER_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Three running hosts, shared by all tests of the session; a test that leaves traces resets its host.

    Where hosts cannot be started the tests fail: they never pass by not being run. PROVISIONER_KEEP_LAB=1 leaves
    the hosts running for the next session.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    made = Lab(f"test{worker}")
    try:
        made.up(LAB_HOSTS)
    except ProvisionerError as error:
        pytest.fail(f"lab hosts cannot be started ({error}); --no-hosts leaves these tests out", pytrace=False)
    yield made
    if not os.environ.get("PROVISIONER_KEEP_LAB"):
        made.down()
