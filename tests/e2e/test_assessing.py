"""An old server that was made hard to move, and a new one that is not ready for it: assess finds each of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.hosts, pytest.mark.e2e]
On = Callable[..., str]

OLD = r"""
set -e
groupadd -g 1800 mover && useradd -u 1800 -g mover -m mover
useradd -u 1801 -m early
mkdir -p /opt/app /opt/provassess
ip -o -4 addr show scope global | awk '{sub(/\/.*/, "", $4); print "listen=" $4}' > /opt/app/app.conf
printf 'SERVER here %s\nEXPIRES never\n' "$(tr -d : < /sys/class/net/eth0/address 2>/dev/null ||
  cat /sys/class/net/*/address | grep -v 00:00:00:00:00:00 | head -n 1 | tr -d :)" > /opt/app/license.dat
mkdir -p /etc/provassess && openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -days 3 -subj /CN=shop \
  -out /etc/provassess/shop.pem 2>/dev/null
echo '7 3 * * * root /usr/local/bin/report' > /etc/cron.d/report
mkdir -p /tmp/provassess/DEBIAN
printf 'Package: provassess\nVersion: 2.0\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: a\n' \
  > /tmp/provassess/DEBIAN/control
dpkg-deb --build /tmp/provassess /tmp/provassess.deb >/dev/null && dpkg -i /tmp/provassess.deb >/dev/null
touch /run/reboot-required
systemd-run -q --unit=provassess sh -c 'exec 3>/opt/provassess/held; rm /opt/provassess/held; exec sleep 600'
printf '[Service]\nExecStart=/bin/false\n' > /etc/systemd/system/provfails.service
systemctl daemon-reload; systemctl start provfails || true
for n in 1 2 3 4 5 6 7 8 9 10; do systemctl is-failed -q provfails && break; sleep 0.2; done
"""
NEW = r"""
set -e
useradd -u 1800 -m other
useradd -u 1900 -m early
ln -sf /usr/share/zoneinfo/America/New_York /etc/localtime
"""
EXPECTED = {
    "licence-bound": "inhibitor", "uid-taken": "high", "uid-differs": "high", "gid-differs": "high",
    "packages-missing": "high", "jobs-missing": "high", "time-zone": "high", "certificates-expiring:old": "high",
    "reboot-due:old": "medium", "services-failed:old": "medium", "address-bound": "medium", "deleted-files": "medium",
    "no-backup": "high",
}  # fmt: skip


@pytest.fixture
def pair(lab: Lab, on: On) -> Iterator[tuple[str, str]]:
    for host, script in (("h1", OLD), ("h2", NEW)):
        lab.reset(host)
        on(host, script)
    yield "h1", "h2"
    for host in ("h1", "h2"):
        lab.reset(host)


def test_each_thing_that_is_wrong_is_found_and_accepting_the_inhibitor_opens_the_gate(
    cli: Cli, pair: tuple[str, str], tmp_path: Path
) -> None:
    done = cli.call("assess", *pair, "-i", cli.inventory, "--no-dns", "--json")
    assert done.code == 2, done.text
    found = {each["name"]: each for each in json.loads(done.out)["pairs"][0]["findings"]}
    assert {name: found.get(name, {}).get("severity") for name in EXPECTED} == EXPECTED
    assert found["packages-missing"]["evidence"] == ["provassess 2.0"]
    assert found["deleted-files"]["evidence"][0].startswith("/opt/provassess/held held by ")
    assert "/opt/app/license.dat: holds its mac" in found["licence-bound"]["evidence"]
    accepted = tmp_path / "accepted.yml"
    accepted.write_text(
        "accepted:\n- {finding: licence-bound, who: Anna, reason: the vendor sent a new one, until: 2099-01-01}\n"
    )
    done = cli.call("assess", *pair, "-i", cli.inventory, "--no-dns", "--accepted", str(accepted))
    assert done.code == 0, done.text
    assert "accepted  Anna: the vendor sent a new one (until 2099-01-01)" in done.out
    done = cli.call(
        "assess", *pair, "-i", cli.inventory, "--no-dns", "--accepted", str(accepted), "--fail-on", "high", "-q"
    )
    assert done.code == 2, done.text


def test_snapshots_are_assessed_without_touching_a_host(cli: Cli, tmp_path: Path) -> None:
    assert cli.call("discover", "h3", "-i", cli.inventory, "-o", str(tmp_path / "snap.json")).code == 0
    done = cli.call("assess", str(tmp_path / "snap.json"), "--no-dns", "--json", "--backup-proof", "restored today")
    assert done.code == 0, done.text
    (found,) = json.loads(done.out)["pairs"]
    assert (found["old"], found["new"]) == ("h3", "")


def test_groups_make_pairs_in_order(cli: Cli) -> None:
    done = cli.call("assess", "h1,h2", "h3,h1", "-i", cli.inventory, "--no-dns", "--json")
    assert [(each["old"], each["new"]) for each in json.loads(done.out)["pairs"]] == [("h1", "h3"), ("h2", "h1")]
    done = cli.call("assess", "h3", "h3", "-i", cli.inventory, "--no-dns", "-q")
    assert "old and new are the same machine" in done.out
    done = cli.call("assess", "h1,h2", "h3", "-i", cli.inventory, "--no-dns")
    assert done.code == 1
    assert "they do not make pairs" in done.err


def test_what_cannot_be_assessed_is_an_error(cli: Cli) -> None:
    done = cli.call("assess", "no-such-host", "-i", cli.inventory, "--no-dns")
    assert done.code == 1, done.text
    done = cli.call("assess", "h1", "-i", cli.inventory, "--accepted", "none.yml")
    assert done.code == 1
    assert "none.yml" in done.err
