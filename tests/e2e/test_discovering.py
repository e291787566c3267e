"""Snapshots, comparison and drafts on real hosts: one that is set up by hand, one that is wrong, one that is fresh."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioner.discovery.snapshot import Coverage, load
from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli
from tests.support.old_sshd import KEX, LEGACY, old_sshd

On = Callable[..., str]
DEMO = """
set -e
mkdir -p /tmp/demo/DEBIAN
printf 'Package: provdemo\\nVersion: %s\\nArchitecture: all\\nMaintainer: demo <demo@example.com>\\n' \\
  "$VERSION" > /tmp/demo/DEBIAN/control
echo 'Description: demo' >> /tmp/demo/DEBIAN/control
dpkg-deb --build /tmp/demo /tmp/demo.deb >/dev/null
dpkg -i /tmp/demo.deb >/dev/null
rm -r /tmp/demo /tmp/demo.deb
"""
SERVER = """
set -e
groupadd -g 1700 shop
useradd -u 1700 -g shop -G adm -m -s /bin/bash -c 'Shop owner' shop
install -d -o shop -g shop -m 0750 /opt/shop
printf 'port=8080\\npassword=verysecretword\\n' > /opt/shop/shop.conf
chown shop:shop /opt/shop/shop.conf
chmod 0640 /opt/shop/shop.conf
echo '*/5 * * * * /bin/report {{ now }} > /dev/null' | crontab -u shop -
printf 'MAILTO=ops@example.com\\n10 2 * * * root mysqldump -u root -pverysecretword shop > /dev/null\\n' \\
  > /etc/cron.d/dump
printf '#!/bin/sh\\nexec python3 -m http.server 8080\\n' > /usr/local/bin/shop
chmod 0755 /usr/local/bin/shop
printf '[Service]\\nUser=shop\\nWorkingDirectory=/opt/shop\\nExecStart=/usr/local/bin/shop\\n[Install]\\n' \\
  > /etc/systemd/system/shop.service
printf 'WantedBy=multi-user.target\\n' >> /etc/systemd/system/shop.service
printf '[Timer]\\nOnCalendar=*-*-* 04:00:00\\nUnit=shop.service\\n[Install]\\nWantedBy=timers.target\\n' \\
  > /etc/systemd/system/night.timer
systemctl daemon-reload
systemctl enable -q --now shop.service night.timer
echo 'net.core.somaxconn = 2048' > /etc/sysctl.d/60-shop.conf
sysctl -q -p /etc/sysctl.d/60-shop.conf
echo '# ours' >> /etc/default/cron
echo '10.9.8.7 db.internal' >> /etc/hosts
ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime
echo Europe/Berlin > /etc/timezone
for n in 1 2 3 4 5 6 7 8 9 10; do ss -Htln | grep -q :8080 && break; sleep 0.3; done
"""
JOB = "*/5 * * * * /bin/report {{ now }} > /dev/null"
PYTHONS = "/usr/bin/python3 /usr/bin/python3.*"


@dataclass
class Found:
    """A comparison as the command printed it."""

    code: int
    differences: list[dict[str, object]]

    def unexplained(self) -> set[str]:
        """Return scope, item and attribute of what blocks."""
        return {f"{d['scope']}: {d['item']} {d['kind']} {d['attribute']}".strip()
                for d in self.differences if d["blocks"]}  # fmt: skip


def compared(cli: Cli, *words: str) -> Found:
    done = cli.call("compare", *words, "-i", cli.inventory, "--json")
    assert done.code in (0, 2), done.text
    return Found(done.code, json.loads(done.out)["differences"])


@pytest.fixture
def hidden_python(on: On) -> Iterator[str]:
    """A host on which no Python can be started."""
    on("h3", f"chmod a-x $(readlink -f {PYTHONS})")
    yield "h3"
    on("h3", "chmod a+x /usr/bin/python3.*")


def test_a_wrong_server_is_found_out_and_a_drafted_one_is_the_same(cli: Cli, lab: Lab, on: On) -> None:
    for host in ("h1", "h2", "h3"):
        lab.reset(host)
    for host in ("h1", "h2"):
        on(host, f"VERSION={'2.0' if host == 'h1' else '1.9'}\n{DEMO}")
        on(host, SERVER)
    on("h2", "crontab -u shop -r; systemctl disable -q --now shop.service; usermod -u 1701 shop; usermod -p '*' shop")

    done = cli.call("discover", "h1,h2", "-i", cli.inventory, "-o", "snaps", "--with-files")
    assert done.code == 0, done.text
    assert "looks as if it held secrets" in done.err
    text = (cli.folder / "snaps/h1.json").read_text()
    assert "verysecretword" not in text
    assert (cli.folder / "snaps/h1.files.tar.gz").stat().st_mode & 0o777 == 0o600

    wrong = compared(cli, "snaps/h1.json", "snaps/h2.json")
    assert wrong.code == 2
    assert wrong.unexplained() >= {
        "packages: provdemo changed version",
        "users: user:shop changed uid",
        "ports: tcp *:8080 missing",
        "services: shop.service changed running",
        f"timers: cron:shop:/var/spool/cron/crontabs/shop:{JOB} missing",
    }

    made = cli.call("draft", "snaps/h1.json", "-o", "draft")
    assert made.code == 0, made.text
    assert "provdemo" in (cli.folder / "draft/NOT-COVERED.md").read_text()
    applied = cli.call("run", "draft/site.yml", "-i", cli.inventory, "-e", "target=h3")
    assert applied.code == 0, applied.text
    on("h3", "for n in $(seq 50); do ss -Htln | grep -q :8080 && break; sleep 0.2; done")
    assert compared(cli, "snaps/h1.json", "h3").unexplained() == {"packages: provdemo missing"}
    again = cli.call("run", "draft/site.yml", "-i", cli.inventory, "-e", "target=h3")
    assert "changed=0" in again.text, again.text
    proven = cli.call("verify", "draft/tests/test_server.py", "-i", cli.inventory, "-l", "h1,h3")
    assert proven.code == 0, "\n".join(line for line in proven.text.splitlines() if "check ok" not in line)


def test_a_host_that_did_not_change_has_the_same_hash_and_a_watched_one_shows_who_talks(cli: Cli) -> None:
    for name in ("a", "b"):
        done = cli.call("discover", "h1", "-i", cli.inventory, "-o", f"{name}.json", "--watch", "2")
        assert done.code == 0, done.text
    first, second = load(cli.folder / "a.json"), load(cli.folder / "b.json")
    assert first.hash == second.hash, cli.call("compare", "a.json", "b.json", "--all").text
    assert first.measured["connections"]["samples"] in (2, 3)
    peers = first.measured["connections"]["peers"]
    assert isinstance(peers, list)
    assert any(peer["direction"] == "in" and peer["port"] == 22 for peer in peers if isinstance(peer, dict))
    assert all(scope.coverage is Coverage.FULL for scope in first.scopes.values()), first.scopes


def test_an_old_sshd_on_a_host_without_python_is_discovered(
    cli: Cli, lab: Lab, hidden_python: str, tmp_path: Path
) -> None:
    behind = lab.ssh_command(lab.host(hidden_python))
    with old_sshd(tmp_path, behind) as server:
        known = f"-o UserKnownHostsFile={server.known_hosts}"
        host = f"ancient {server.variables()}"
        legacy = cli.write("legacy.ini", f'{host} ansible_ssh_common_args="{LEGACY} {known}"\n')
        modern = cli.write("modern.ini", f'{host} ansible_ssh_common_args="{known}"\n')
        refused = cli.call("discover", "ancient", "-i", str(modern), "-o", "no.json")
        done = cli.call("discover", "ancient", "-i", str(legacy), "-o", "old.json", "--with-files")
    assert refused.code == 4
    assert KEX in refused.err
    assert done.code == 0, done.text
    snapshot = load(cli.folder / "old.json")
    assert snapshot.items("os")["hostname"]["name"] == hidden_python
    assert {name for name, scope in snapshot.scopes.items() if scope.coverage is Coverage.NONE} == set()
    assert len(snapshot.items("packages")) > 100
    assert cli.call("draft", "old.json", "-o", "draft").code == 0


def test_an_ordinary_user_sees_less_and_the_snapshot_says_what(cli: Cli) -> None:
    words = ("-i", cli.inventory, "-e", "ansible_user=ops")
    assert cli.call("discover", "h2", *words, "-o", "user.json").code == 0
    done = cli.call("discover", "h2", *words, "-b", "-o", "root.json")
    assert done.code == 0, done.text
    user, root = load(cli.folder / "user.json"), load(cli.folder / "root.json")
    assert user.scopes["firewall"].why == ("only root may see packet filters",)
    assert user.scopes["users"].coverage is Coverage.PARTLY
    assert root.taken.user == "root"
    assert root.scopes["users"].coverage is Coverage.FULL


def test_a_host_that_does_not_answer_is_named_and_the_others_are_discovered(cli: Cli) -> None:
    inventory = cli.write("more.ini", "gone ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_timeout=2\n")
    done = cli.call("discover", "h1,gone", "-i", cli.inventory, "-i", str(inventory), "-o", "some", "--scopes", "os")
    assert done.code == 4
    assert "gone" in done.err
    assert list(load(cli.folder / "some/h1.json").scopes) == ["os"]
