"""The modules for databases, keys and devices on a host with real servers and no Python driver for any of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli

PLAYBOOK = Path(__file__).parent / "databases.yml"
ON_THE_HOST = {
    "mariadb -N -e 'select count(*) from shop.t'": "1",
    "mariadb -N -e \"select max_user_connections, ssl_type from mysql.user where user='ann'\"": "7\tSPECIFIED",
    "su postgres -c \"psql -Atc 'show work_mem'\" 2>/dev/null": "32MB",
    "blkid -o value -s TYPE /srv/disk": "ext4",
    "stat -c %a /srv/ssl.pem": "600",
    "openssl verify -CAfile /srv/ssl.crt /srv/ssl.crt": "/srv/ssl.crt: OK",
    "python3 -c 'import pymysql' 2>&1 | tail -1": "ModuleNotFoundError: No module named 'pymysql'",
    "python3 -c 'import psycopg2' 2>&1 | tail -1": "ModuleNotFoundError: No module named 'psycopg2'",
}


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_databases_and_keys_are_made_once_and_dumps_can_be_read_again(
    cli: Cli, on: Callable[..., str], lab: Lab
) -> None:
    lab.reset("h1")
    try:
        first, second, check = cli.run(PLAYBOOK), cli.run(PLAYBOOK), cli.run(PLAYBOOK, "--check")
        assert first.code == 0, first.text
        for done in (second, check):
            assert (done.code, "changed=0" in done.text) == (0, True), done.text
        said = {command: on("h1", command).strip() for command in ON_THE_HOST}
        assert said == ON_THE_HOST
        dumped = cli.run(PLAYBOOK, "--tags", "dump")
        assert dumped.code == 0, dumped.text
        assert on("h1", "mariadb -N -e 'select count(*) from shop.t'").strip() == "1"
    finally:
        lab.reset("h1")
