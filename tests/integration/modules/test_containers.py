"""The modules for containers with a real Docker engine and a real Podman, which Debian's packages bring."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli, Done

PLAYBOOK = Path(__file__).parent / "containers.yml"
FETCH = (
    "python3 -c \"from urllib.request import urlopen as o; print(o('http://127.0.0.1:%d/').read().decode().strip())\""
)
ON_THE_HOST = {
    FETCH % 8081: "a shop",
    FETCH % 8091: "a shop",
    "docker exec web sh -c 'echo $B'": "two words",
    "docker ps -a --format '{{.Names}} {{.State}}' | sort | xargs": "db running idle created web running",
    "docker inspect -f '{{(index .NetworkSettings.Networks \"back\").IPAddress}}' db": "172.30.0.9",
    "docker inspect -f '{{.Config.Labels.v}}' shop:1": "3",
    "docker create --name look shop:1 sh | wc -l": "1",
    "docker export look | tar t | grep ^shop/ | sort | xargs": (
        "shop/ shop/.dockerignore shop/Dockerfile shop/index.html"
    ),
    "docker rm look": "look",
    "docker images --format '{{.Repository}}:{{.Tag}}' own": "own:2",
    "tar xOf /srv/bb.tar manifest.json | grep -o bb:1": "bb:1",
    "podman ps --format '{{.Names}}'": "web",
}


def changes(done: Done) -> str:
    """Return what a run shows of its tasks, without times and the rest."""
    shown = done.text.partition("RECAP")[0]
    return re.sub(r" +[0-9.]+ ?m?s$", "", shown, flags=re.MULTILINE)


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_containers_are_made_as_foretold_and_once(cli: Cli, on: Callable[..., str], lab: Lab) -> None:
    lab.reset("h1")
    try:
        prepared = cli.run(PLAYBOOK, "--tags", "prepare")
        assert prepared.code == 0, prepared.text
        for tags in ("containers", "change"):
            check, real = (cli.run(PLAYBOOK, "--tags", tags, "--diff", *mode) for mode in (("--check",), ()))
            assert real.code == 0, real.text
            assert changes(check) == changes(real)
            again = cli.run(PLAYBOOK, "--tags", tags)
            assert (again.code, "changed=0" in again.text) == (0, True), again.text
            if tags == "containers":
                assert {command: on("h1", command).strip() for command in ON_THE_HOST} == ON_THE_HOST
        for expected in (0, 1):
            gone = cli.run(PLAYBOOK, "--tags", "gone")
            assert (gone.code, "changed=0" in gone.text) == (0, bool(expected)), gone.text
        assert on("h1", "docker ps -aq; podman ps -aq").strip() == ""
    finally:
        lab.reset("h1")
