"""Package managers of languages, rpm's keys, SELinux's store and mail on a lab host, with sources made there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli
from tests.integration.modules.test_containers import changes

PLAYBOOK = Path(__file__).parent / "managers.yml"
LETTER = "/srv/mail/box/new/*"
INSTALLED = (
    'php -r \'require "/srv/shop/vendor/autoload.php"; echo Composer\\InstalledVersions::getVersion("c/example");\''
)
WANTED = {
    "cat /srv/node/node_modules/c-example/c-example.js | tail -1": 'console.log("1.0.0")',
    "c-example": "1.0.0",
    INSTALLED: "1.0.0.0",
    "rpm -q gpg-pubkey --qf '%{SUMMARY}\n' | cut -d' ' -f1": "c@example.org",
    "grep -h baseurl /etc/zypp/repos.d/*": "baseurl=dir:/srv/rpm",
    "semanage fcontext -l -n -C | xargs": "/srv/web(/.*)? all files system_u:object_r:httpd_sys_content_t:s0 "
    "/srv/site = /srv/web",
    "semanage port -l -n -C | xargs": "http_port_t tcp 8181, 9100-9110",
    "semanage boolean -l -n -C | cut -d')' -f1 | xargs": "httpd_can_network_connect (on , on",
    "grep ^SELINUX= /etc/selinux/config": "SELINUX=enforcing",
}
CHANGED = {
    "c-example": "2.0.0",
    "ls /srv/node/node_modules | wc -l": "0",
    "rpm -q gpg-pubkey | wc -l; ls /etc/zypp/repos.d | wc -l": "1\n0",
    "semanage fcontext -l -n -C | wc -l": "0",
    "semanage port -l -n -C | xargs": "http_port_t tcp 9100-9110",
    "semanage boolean -l -n -C | cut -d')' -f1 | xargs": "httpd_can_network_connect (off , off",
    "grep ^SELINUX= /etc/selinux/config": "SELINUX=disabled",
}
SENT = {
    f"ls {LETTER} | wc -l": "1",
    f"grep -h ^X-RcptTo {LETTER}": "X-RcptTo: bob@example.org, zoe@example.org, eve@example.org",
    f"grep -i 'eve@' {LETTER} | grep -vc ^X-RcptTo || true": "0",
    f"sed '1,/c.asc/d' {LETTER} | sed -n '/^$/,/^--/p' | grep -v ^-- | base64 -d|cmp - /srv/c.asc && echo ok": "ok",
}
KEPT = (
    "find /srv /etc ~/.npm /usr/local/lib /usr/local/bin /var/lib/selinux"
    " -newer /srv/before ! -path '/srv/mail/*' 2>/dev/null || true"
)
"""What was written since; rpm's own database is left out, as a question to rpm already touches its files."""


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_managers_do_what_is_foretold_and_once(cli: Cli, on: Callable[..., str], lab: Lab) -> None:
    lab.reset("h1")
    try:
        prepared = cli.run(PLAYBOOK, "--tags", "prepare")
        assert prepared.code == 0, prepared.text
        for tags, expected in (("wanted", WANTED), ("change", CHANGED)):
            on("h1", "touch /srv/before")
            check = cli.run(PLAYBOOK, "--tags", tags, "--diff", "--check")
            assert on("h1", KEPT).strip() == ""
            real = cli.run(PLAYBOOK, "--tags", tags, "--diff")
            assert real.code == 0, real.text
            assert changes(check) == changes(real)
            again = cli.run(PLAYBOOK, "--tags", tags)
            assert (again.code, "changed=0" in again.text) == (0, True), again.text
            assert {command: on("h1", command).strip() for command in expected} == expected
        for mode in ("--check", "--diff"):
            sent = cli.run(PLAYBOOK, "--tags", "mail", mode)
            assert (sent.code, "changed=0" in sent.text) == (0, True), sent.text
        assert {command: on("h1", command).strip() for command in SENT} == SENT
    finally:
        lab.reset("h1")
