"""The repository's own playbook on clean hosts: it builds the site, and a second run has nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from provisioner.model.event import RunFinished

from .conftest import TOP, Cli

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
NAMES = {"old": "h1", "lb": "h2", "new": "h3"}


@pytest.fixture
def site(cli: Cli, lab: Lab) -> Iterator[list[str]]:
    """The words of a run of site.yml, with the lab's hosts under the names that the demo inventory groups."""
    for host in ("h1", "h2"):
        lab.reset(host)
    text = lab.inventory_path.read_text("utf-8")
    for name, host in NAMES.items():
        text = text.replace(f"    {host}:\n", f"    {name}:\n")
    inventory = cli.write("hosts.yml", text)
    demo = TOP / "inventories" / "demo"
    yield [
        *("run", str(TOP / "playbooks" / "site.yml"), "-i", str(inventory), "-i", str(demo)),
        *("--vault-password-file", str(demo / "vault-password.txt")),
    ]
    for host in ("h1", "h2"):
        lab.reset(host)


def test_the_site_is_built_and_a_second_run_changes_nothing(cli: Cli, site: list[str], tmp_path: Path) -> None:
    first = cli.call(*site)
    assert first.code == 0, first.text
    again = cli.call(*site)
    assert again.code == 0, again.text
    last = cli.events()[-1]
    assert isinstance(last, RunFinished)
    assert set(last.stats) == {"old", "lb"}
    assert {host: row.changed for host, row in last.stats.items()} == {"old": 0, "lb": 0}, again.text
    told = cli.call(*site, "--check")
    assert told.code == 0, told.text
    finished = cli.events()[-1]
    assert isinstance(finished, RunFinished)
    assert {host: row.changed for host, row in finished.stats.items()} == {"old": 0, "lb": 0}, told.text
