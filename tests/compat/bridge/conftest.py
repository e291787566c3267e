"""The bridge to a real ansible-core, and hosts to use it on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.bridge.bridge import Bridge
from provisioner.bridge.installation import VARIABLE
from tests.compat.bridge.asking import Both


@pytest.fixture(scope="session")
def bridge() -> Bridge:
    """Return a bridge to the ansible-core that PROVISIONER_ANSIBLE_PYTHON or PROVISIONER_ORACLE names."""
    environ = dict(os.environ)
    if VARIABLE not in environ and environ.get("PROVISIONER_ORACLE"):
        environ[VARIABLE] = str(Path(environ["PROVISIONER_ORACLE"]) / "python")
    made = Bridge(environ)
    if made.installation is None:
        pytest.fail(f"no ansible-core was found: name its interpreter in {VARIABLE}", pytrace=False)
    return made


@pytest.fixture(scope="module")
def both(bridge: Bridge) -> Iterator[Both]:
    """Return a worker on this machine that is asked for modules of ours and for Ansible's."""
    made = Both(bridge)
    yield made
    made.sessions.close()
