"""Package managers of other distributions, and firewalld, on a lab host: Debian has them all, the packages are ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli
from tests.integration.modules.test_containers import changes

PLAYBOOK = Path(__file__).parent / "packages.yml"
ON_THE_HOST = {
    "rpm -qa | sort | xargs": "alpha-2.0-1.noarch gamma-1.5-1.noarch zeta-2.0-1.noarch",
    "pacman -Q | xargs": "alpha 1.0-1 gamma 1.0-1",
    "firewall-cmd --permanent --zone=public --list-services": "dhcpv6-client ssh",
    "firewall-cmd --permanent --zone=public --list-rich-rules": (
        'rule family="ipv4" source address="10.0.0.0/8" accept'
    ),
    "firewall-cmd --permanent --get-zones | grep -ow own": "own",
}


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_packages_are_brought_to_the_version_named_as_foretold_and_once(
    cli: Cli, on: Callable[..., str], lab: Lab
) -> None:
    lab.reset("h1")
    try:
        prepared = cli.run(PLAYBOOK, "--tags", "prepare")
        assert prepared.code == 0, prepared.text
        for tags in ("packages", "change"):
            check, real = (cli.run(PLAYBOOK, "--tags", tags, "--diff", *mode) for mode in (("--check",), ()))
            assert real.code == 0, real.text
            assert changes(check) == changes(real)
            again = cli.run(PLAYBOOK, "--tags", tags)
            assert (again.code, "changed=0" in again.text) == (0, True), again.text
            there = cli.run(PLAYBOOK, "--tags", "there") if tags == "packages" else again
            assert (there.code, "changed=0" in there.text) == (0, True), there.text
        assert {command: on("h1", command).strip() for command in ON_THE_HOST} == ON_THE_HOST
    finally:
        lab.reset("h1")
