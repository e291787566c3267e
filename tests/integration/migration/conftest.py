"""Two hosts, old and new, for the movers; a tree with everything that is hard to copy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import ProvisionerError
from provisioner.lab.commands import Commands
from provisioner.lab.lab import Lab
from tests.integration.migration.steps_playbook import Trial

On = Callable[..., str]


@pytest.fixture(scope="module", name="pair")
def two_hosts() -> Iterator[Lab]:
    made = Lab(f"pair{os.getpid()}")
    try:
        made.up(["old", "new"])
    except ProvisionerError as error:
        pytest.fail(f"lab hosts cannot be started ({error}); --no-hosts leaves these tests out", pytrace=False)
    yield made
    made.down()


@pytest.fixture(scope="module", name="on")
def shell_on(pair: Lab) -> On:
    """Return what runs a script on a host: ``on("old", "ls")``."""
    hosts = {host.name: host for host in pair.hosts}

    def run(host: str, script: str, program: str = "sh -s") -> str:
        return Commands().run([*pair.ssh_command(hosts[host], "root"), program], text=script, timeout_s=120)

    return run


@pytest.fixture(name="trial")
def steps_as_plays(pair: Lab, tmp_path: Path) -> Trial:
    return Trial(tmp_path, pair.inventory_path, {"old": ["old"], "new": ["new"]})
