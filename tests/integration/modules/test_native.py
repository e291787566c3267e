"""Modules that drive programs do on a real host what their tables say; a second run finds nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli

PLAYBOOK = Path(__file__).parent / "native.yml"
ON_THE_HOST = {
    "git -C /srv/at-tag describe --tags": "v1",
    "cat /srv/newest/f": "22",
    "tar tzf /srv/newest.tar.gz": "f",
    "stat -c %a /etc/n.ini": "640",
    "findmnt -no FSTYPE /mnt/memory": "tmpfs",
    "readlink /etc/localtime": "/usr/share/zoneinfo/Europe/Berlin",
    "locale -a | grep de_DE": "de_DE.utf8",
    "readlink -f /usr/bin/n-editor": "/usr/bin/true",
    "dpkg --get-selections bash | cut -f7": "hold",
    "getcap /srv/cat": "/srv/cat cap_net_bind_service=ep",
    "sudo -l -U nobody | tail -1 | xargs": "(root) NOPASSWD: /bin/true",
    "crontab -l": "MAILTO=ann@example.org",
    "iptables -S N-TEST | tail -1": "-A N-TEST -p tcp -m multiport --dports 80,443:445 -j ACCEPT",
    "iptables -S FORWARD | head -1": "-P FORWARD DROP",
    "ufw show added | tail -1": "ufw allow 22/tcp comment 'log in'",
    "git config --global user.email": "a@b",
    "getfacl -p /srv/at-tag | grep nobody": "user:nobody:r-x",
    "cat /srv/answered": "ann",
}


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_native_modules_do_their_work_once(cli: Cli, on: Callable[..., str], lab: Lab) -> None:
    lab.reset("h1")
    try:
        first, second, check = cli.run(PLAYBOOK), cli.run(PLAYBOOK), cli.run(PLAYBOOK, "--check")
        assert first.code == 0, first.text
        for done in (second, check):
            assert (done.code, "changed=0" in done.text) == (0, True), done.text
        said = {command: on("h1", command).strip() for command in ON_THE_HOST}
        assert said == ON_THE_HOST
    finally:
        lab.reset("h1")
