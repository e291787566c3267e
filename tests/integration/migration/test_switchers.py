"""Switchers between real hosts while visitors read and write: nobody fails, and nothing works while it is held."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner import catalog
from provisioner.diagnostics.errors import ProvisionerError
from provisioner.lab.commands import Commands
from provisioner.lab.lab import Lab
from provisioner.migration import fencing
from provisioner.migration.steps import Step
from tests.e2e.conftest import eventually
from tests.integration.migration.steps_playbook import Trial
from tests.integration.migration.visitors import START, Visitors, overlapping

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(300)]
PACKAGES = "apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y %s >/dev/null 2>&1"
HAPROXY = """
global
    chroot /var/lib/haproxy
    user haproxy
    group haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
defaults
    mode http
    option redispatch
    timeout connect 3s
    timeout client 30s
    timeout server 30s
frontend web
    bind :80
    default_backend site
backend site
    option httpchk GET /healthz
    default-server inter 500ms fall 3 rise 1
    server old {old}:8080 check
"""
NGINX = """
upstream site {{
    server {old}:8080;
}}
server {{
    listen 81;
    location / {{ proxy_pass http://site; }}
}}
"""
ZONE = """$TTL 300
@ IN SOA ns.shop.test. root.shop.test. 1 3600 600 86400 60
@ IN NS ns
ns IN A {lb}
www 15 IN A {old}
"""
NAMED = """key "k" {{ algorithm hmac-sha256; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; }};
zone "shop.test" {{ type master; file "/var/lib/bind/shop"; allow-update {{ key "k"; }}; }};
"""


class Site:
    """Three hosts, and the verbs of a switcher run on them as plays."""

    def __init__(self, lab: Lab, trial: Trial) -> None:
        self.lab, self.trial = lab, trial
        self.address = {host.name: host.address for host in lab.hosts}

    def on(self, host: str, script: str) -> str:
        machine = next(each for each in self.lab.hosts if each.name == host)
        return Commands().run([*self.lab.ssh_command(machine, "root"), "sh -s"], text=script, timeout_s=120)

    def steps(self, kind: str, params: Mapping[str, object], *verbs: str) -> list[Step]:
        switcher = catalog.load("switcher", kind)
        parsed, found = switcher.Params.parse(params), []
        for verb in verbs:
            if verb in ("old", "new"):
                found += switcher.current("site", parsed, verb)
            else:
                found += getattr(switcher, verb)("site", parsed)
        return found

    def run(self, steps: list[Step]) -> Mapping[str, Mapping[str, Any]]:
        assert self.trial(steps, "--share") == 0, self.trial.said[-4000:]
        return self.trial.results

    def switch(self, kind: str, params: Mapping[str, object], *verbs: str) -> Mapping[str, Mapping[str, Any]]:
        return self.run(self.steps(kind, params, *verbs))

    def quiet(self, kind: str, params: Mapping[str, object], verb: str) -> list[tuple[float, float]]:
        """Hold, switch and release; return the time in between, in which nothing may work."""
        side = "new" if verb == "point_to" else "old"
        begin, end = (Step("lb", {"name": name, "command": {"argv": ["date", "+%s.%N"]}}) for name in ("begin", "end"))
        done = self.run(
            [
                *self.steps(kind, params, "hold"),
                begin,
                *self.steps(kind, params, verb, side),
                end,
                *self.steps(kind, params, "release"),
            ]
        )
        return [(float(done["begin"]["lb"]["stdout"]), float(done["end"]["lb"]["stdout"]))]

    def worked(self, windows: list[tuple[float, float]]) -> list[str]:
        notes = [self.on(host, "cat /var/tmp/requests") for host in ("old", "new")]
        return [line for each in notes for line in overlapping(each, windows)]


@pytest.fixture(scope="module", name="lab")
def three_hosts() -> Iterator[Lab]:
    made = Lab(f"turn{os.environ.get('PYTEST_XDIST_WORKER', '')}")
    try:
        made.up(["old", "new", "lb"])
    except ProvisionerError as error:
        pytest.fail(f"lab hosts cannot be started ({error}); --no-hosts leaves these tests out", pytrace=False)
    yield made
    made.down()


@pytest.fixture(name="site")
def a_site(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path / "state"))
    roles = {"old": ["old"], "new": ["new"], "lb": ["lb"], "clients": ["lb"]}
    site = Site(lab, Trial(tmp_path, lab.inventory_path, roles))
    for host in ("old", "new"):
        site.on(host, START)
    return site


@pytest.fixture(name="balanced")
def behind_haproxy(site: Site) -> Site:
    if "haproxy" not in site.on("lb", "ls /usr/sbin"):
        site.on("lb", PACKAGES % "haproxy")
    text = HAPROXY.format(**site.address)
    site.on("lb", f"cat > /etc/haproxy/haproxy.cfg <<'END'\n{text}\nEND\nsystemctl restart haproxy")
    site.switch("haproxy", {"backend": "site"}, "prepare", "old")
    return site


def test_haproxy_switches_there_and_back_under_load_and_nobody_fails(balanced: Site) -> None:
    params = {"backend": "site"}
    with Visitors(balanced.address["lb"], 80) as visitors:
        windows = [
            w for _ in range(2) for verb in ("point_to", "back") for w in balanced.quiet("haproxy", params, verb)
        ]
    assert visitors.failed == []
    assert set(visitors.served) == {"old", "new"}
    assert balanced.worked(windows) == []


def test_haproxy_goes_on_reading_while_writes_wait(balanced: Site) -> None:
    params = {"backend": "site", "hold": "writes"}
    with Visitors(balanced.address["lb"], 80) as visitors:
        windows = balanced.quiet("haproxy", params, "point_to")
    assert visitors.failed == []
    worked = balanced.worked(windows)
    assert {line.split()[0] for line in worked} == {"GET"}


def test_haproxy_lets_connections_of_tcp_wait_and_ends_those_that_stay_open(balanced: Site) -> None:
    text = HAPROXY.format(**balanced.address).replace("mode http", "mode tcp")
    text = text.replace("option redispatch", "").replace("    option httpchk GET /healthz\n", "")
    balanced.on("lb", f"cat > /etc/haproxy/haproxy.cfg <<'END'\n{text}\nEND\nsystemctl restart haproxy")
    params = {"backend": "site", "end": True, "wait_s": 1.0}
    balanced.switch("haproxy", params, "prepare", "old")
    with (
        socket.create_connection((balanced.address["lb"], 80), 5) as idle,
        Visitors(balanced.address["lb"], 80, kept_open=False) as visitors,
    ):
        windows = balanced.quiet("haproxy", params, "point_to")
        assert idle.recv(1) == b"", "it was ended"
    assert visitors.failed == []
    assert set(visitors.served) == {"old", "new"}
    assert balanced.worked(windows) == []
    balanced.switch("haproxy", params, "finish", "new")


def test_a_reload_while_requests_wait_loses_none_and_they_go_where_requests_go_now(balanced: Site) -> None:
    params = {"backend": "site"}
    with Visitors(balanced.address["lb"], 80) as visitors:
        balanced.switch("haproxy", params, "hold")
        balanced.on("lb", "systemctl reload haproxy; sleep 0.3")
        balanced.switch("haproxy", params, "point_to", "new")
        balanced.on("old", "systemctl stop app")
        balanced.switch("haproxy", params, "release")
    assert visitors.failed == []
    assert visitors.served["new"] > 0
    balanced.on("old", START)


def test_a_switch_that_nobody_confirms_is_undone_by_the_balancer_alone(balanced: Site) -> None:
    switcher = catalog.load("switcher", "haproxy")
    undo = list(switcher.undo("site", switcher.Params.parse({"backend": "site"})))
    arm = Step("lb", {"name": "arm", "armed_guard": {"do": "arm", "id": "turn", "seconds": 8, "steps": undo}})
    with Visitors(balanced.address["lb"], 80) as visitors:
        balanced.run([arm, *balanced.steps("haproxy", {"backend": "site"}, "hold", "point_to", "new")])
        _until_undone(balanced, "lb", "turn")
        balanced.switch("haproxy", {"backend": "site"}, "old")
    assert visitors.failed == []
    assert set(visitors.served) == {"old"}


def _until_undone(site: Site, host: str, guard: str) -> None:
    site.on(
        host,
        f"for n in $(seq 400); do grep -q undone ~/.provisioner/guard-{guard} && exit; sleep 0.1; done; exit 1",
    )


def test_a_hold_that_nobody_ends_ends_by_itself(balanced: Site) -> None:
    with Visitors(balanced.address["lb"], 80) as visitors:
        balanced.switch("haproxy", {"backend": "site", "limit_s": 1.5}, "hold")
        time.sleep(2)
    assert visitors.failed == []
    assert 1 < visitors.slowest_s < 8


def test_a_reboot_keeps_where_haproxy_points_to(balanced: Site) -> None:
    balanced.switch("haproxy", {"backend": "site"}, "point_to")
    balanced.on("lb", "systemctl restart haproxy")
    balanced.switch("haproxy", {"backend": "site"}, "new", "finish", "new")
    assert "provisioner" not in balanced.on("lb", "cat /etc/haproxy/haproxy.cfg; ls /etc/haproxy")


def test_nginx_switches_there_and_back_under_load_and_nobody_fails(site: Site) -> None:
    site.on("lb", PACKAGES % "nginx-light")
    text = NGINX.format(**site.address)
    site.on(
        "lb",
        "rm -f /etc/nginx/sites-enabled/*\n"
        f"cat > /etc/nginx/conf.d/site.conf <<'END'\n{text}\nEND\nsystemctl restart nginx",
    )
    params = {"upstream": "site", "config": "/etc/nginx/conf.d/site.conf", "port": 8080}
    site.switch("nginx", params, "prepare", "old")
    with Visitors(site.address["lb"], 81) as visitors:
        windows = [w for verb in ("point_to", "back", "point_to") for w in site.quiet("nginx", params, verb)]
    assert visitors.failed == []
    assert site.worked(windows) == []
    site.switch("nginx", params, "finish", "new")
    assert f"server {site.address['new']}:8080;" in site.on("lb", "cat /etc/nginx/conf.d/site.conf")


def test_stragglers_are_refused_then_led_on_and_noted(site: Site) -> None:
    params = {"ports": ["8080"], "quiet_s": 60}
    site.run([*fencing.prepare(params), *fencing.fence(params)])
    port = f"http://{site.address['old']}:8080/"
    assert _curl(port) == ""
    assert site.on("lb", f"curl -s {port} || true") == '"old"'
    site.run(list(fencing.forward(params)))
    assert _curl(port) == '"new"'
    told = next(iter(site.run(list(fencing.ledger(params))).values()))["old"]
    controller = site.lab.network.rpartition(".")[0] + ".1"
    assert (told["count"], told["connections"]) == (1, 2)
    assert [(each["address"], each["port"]) for each in told["stragglers"]] == [(controller, 8080)]
    site.run(list(fencing.retire(params)))
    assert _curl(port) == ""
    site.run(list(fencing.unfence(params)))
    assert _curl(port) == '"old"'
    assert site.on("old", "nft list tables; ls /etc/systemd/system | grep fence || true") == ""


def _curl(url: str) -> str:
    return subprocess.run(["curl", "-s", "-m", "3", url], capture_output=True, text=True, check=False).stdout


def test_an_address_moves_there_and_back_and_new_connections_wait(site: Site) -> None:
    address = site.lab.network.rpartition(".")[0] + ".200"
    params = {"address": f"{address}/24", "ports": ["8080"]}
    site.on("old", f"ip addr add {address}/24 dev host0")
    site.switch("virtual_ip", params, "prepare", "old")
    with Visitors(address, 8080, kept_open=False) as visitors:
        windows = site.quiet("virtual_ip", params, "point_to")
        eventually(lambda: visitors.served["new"])  # who waits asks again after one second, two, four
        windows += site.quiet("virtual_ip", params, "back")
    assert visitors.failed == []
    assert set(visitors.served) == {"old", "new"}
    assert site.worked(windows) == []


def test_an_address_of_ipv6_moves_is_announced_and_waited_for(site: Site) -> None:
    for number, host in enumerate(("old", "new", "lb"), 1):
        site.on(
            host, f"sysctl -qw net.ipv6.conf.host0.disable_ipv6=0; ip -6 addr replace fd77::{number}/64 dev host0 nodad"
        )
    for host in ("old", "new"):
        site.on(host, "systemd-run -q --unit=v6 --working-directory=/etc python3 -m http.server --bind :: 8086")
    params = {"address": "fd77::80/64", "ports": ["8086"]}
    site.on("old", "ip -6 addr add fd77::80/64 dev host0 nodad")
    asking = "curl -s -g -m 20 'http://[fd77::80]:8086/hostname'"
    site.switch("virtual_ip", params, "prepare", "old")
    assert site.on("lb", asking) == "old\n"
    site.switch("virtual_ip", params, "hold")
    site.on("lb", f"(sleep 0.2; {asking} > /var/tmp/waited) > /dev/null 2>&1 &")
    time.sleep(0.5)
    assert site.on("lb", "cat /var/tmp/waited") == "", "it waits"
    site.switch("virtual_ip", params, "point_to", "new", "release")
    assert site.on("lb", asking) == "new\n", "the neighbours were told"
    assert site.on("lb", "for n in $(seq 50); do [ -s /var/tmp/waited ] && break; sleep 0.2; done; cat /var/tmp/waited")
    site.on("old", "ip -6 addr add fd77::80/64 dev host0 nodad; sleep 0.2")
    site.on("lb", "ip -6 neigh flush dev host0")
    assert site.on("lb", asking) == "new\n", "the old host cannot answer for it, though somebody gave it the address"
    site.on("old", "ip -6 addr del fd77::80/64 dev host0")
    site.switch("virtual_ip", params, "back", "old", "release")
    assert site.on("lb", asking) == "old\n"


def test_an_address_that_nobody_confirms_goes_back_alone(site: Site) -> None:
    address = site.lab.network.rpartition(".")[0] + ".201"
    params = {"address": f"{address}/24", "lease_s": 16}
    site.on("old", f"ip addr add {address}/24 dev host0")
    switcher = catalog.load("switcher", "virtual_ip")
    undo = list(switcher.undo("site", switcher.Params.parse(params)))
    arm = Step("old", {"name": "arm", "armed_guard": {"do": "arm", "id": "address", "seconds": 8, "steps": undo}})
    site.run([arm, *site.steps("virtual_ip", params, "point_to", "new")])
    _until_undone(site, "old", "address")
    site.switch("virtual_ip", params, "old")


def test_a_name_is_changed_in_dns_when_its_old_lifetime_is_over(site: Site) -> None:
    site.on("lb", PACKAGES % "bind9")
    zone, named = ZONE.format(**site.address), NAMED.format()
    site.on("lb", f"cat > /var/lib/bind/shop <<'END'\n{zone}\nEND\nchown bind /var/lib/bind/shop")
    site.on("lb", f"cat > /etc/bind/named.conf.local <<'END'\n{named}\nEND\nsystemctl restart named")
    params = {
        "on": "lb",
        "record": "www.shop.test",
        "ttl": 1,
        "key_name": "k",
        "key_secret": "c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
    }
    (told,) = (by["lb"] for by in site.switch("dns", params, "prepare").values())
    begun = time.monotonic()
    assert site.trial(site.steps("dns", params, "old"), "--share") != 0
    assert "is over in" in site.trial.said
    time.sleep(max(0.0, told["measured"]["wait_s"] + 0.2 - (time.monotonic() - begun)))
    site.switch("dns", params, "old", "point_to", "new", "back", "old", "point_to", "finish", "new")


def test_names_are_changed_in_the_tables_of_those_who_use_them(site: Site) -> None:
    params = {"host_names": ["shop"]}
    site.on("lb", "echo 10.9.9.9 shop other >> /etc/hosts")
    site.switch("hosts_file", params, "prepare", "old", "point_to", "new")
    assert site.on("lb", "getent hosts shop | cut -d' ' -f1").strip() == site.address["new"]
    site.switch("hosts_file", params, "back", "old")
