"""Modules that drive programs do on a real host what their tables say; a second run finds nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli

HERE = Path(__file__).parent
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
CONFIGURED = {
    "ls /etc/apache2/mods-enabled | grep -c 'rewrite\\|autoindex'": "1",
    "cut -d' ' -f3 /srv/keys | xargs": "ann bob",
    "grep -c '^Enabled: no' /etc/apt/sources.list.d/c-example.sources": "1",
    "tail -1 /srv/interfaces | xargs": "mtu 1500",
    "tr -s ' \\t' ' ' < /etc/pam.d/c-example": "auth sufficient pam_rootok.so\nauth required pam_unix.so",
    "ssh -F /srv/ssh_config -G a.example | grep '^port\\|^user ' | sort | xargs": "port 2222 user ann",
    "grep -c '<b>1</b>' /srv/a.xml": "1",
    "openssl dhparam -in /srv/dh.pem -check -noout 2>&1 | grep -c ok": "1",
    "openssl verify -CAfile /srv/a.crt /srv/a.crt": "/srv/a.crt: OK",
    "parted -sm /srv/disk unit MiB print | tail -1 | cut -d: -f1-3": "1:1.00MiB:32.0MiB",
    "gem list --local c-example | tail -1": "c-example (1.0)",
    "ls /run/c-example /etc/rc2.d/S*c-example | wc -l": "2",
}


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("book", "expected"), [("native.yml", ON_THE_HOST), ("configuration.yml", CONFIGURED)])
def test_native_modules_do_their_work_once(
    cli: Cli, on: Callable[..., str], lab: Lab, book: str, expected: dict[str, str]
) -> None:
    lab.reset("h1")
    try:
        first, second, check = (cli.run(HERE / book, *more) for more in ((), (), ("--check",)))
        assert first.code == 0, first.text
        for done in (second, check):
            assert (done.code, "changed=0" in done.text) == (0, True), done.text
        assert {command: on("h1", command).strip() for command in expected} == expected
    finally:
        lab.reset("h1")
