"""Switching an HAProxy backend: who gets requests, what waits, what is kept for the next start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import haproxy_switch
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System, haproxy, haproxy_hold
from tests.modules.stand_in import RecordedCommands
from tests.support.runtime_socket import RunningHaproxy

CONFIG = """\
global
    chroot /var/lib/haproxy
    stats socket /run/h.sock mode 660 level admin expose-fd listeners
defaults
    mode http
frontend web
    bind :80
    default_backend site
backend site
    default-server inter 1s
    server web1 10.0.0.11:8080 check weight 10 # the old one
"""
PREPARED = """\
global
    # BEGIN provisioner provisioner_hold_site
    lua-load /etc/haproxy/provisioner_hold_site.lua
    # END provisioner provisioner_hold_site
    chroot /var/lib/haproxy
    stats socket /run/h.sock mode 660 level admin expose-fd listeners
defaults
    mode http
frontend web
    bind :80
    default_backend site
backend site
    # BEGIN provisioner provisioner_hold_site
    http-request lua.provisioner_hold_site
    http-request track-sc2 str(writes) table provisioner_hold_site unless { method GET HEAD OPTIONS TRACE }
    # END provisioner provisioner_hold_site
    default-server inter 1s
    server web1 10.0.0.11:8080 check weight 10 # the old one
    server web2 10.0.0.12:8080 check weight 10 disabled # the old one
# BEGIN provisioner provisioner_hold_site
backend provisioner_hold_site
    stick-table type string len 16 size 16 store conn_cur
# END provisioner provisioner_hold_site
"""
SWITCHED = PREPARED.replace(
    "weight 10 # the old one\n    server web2", "weight 10 disabled # the old one\n    server web2"
).replace("10.0.0.12:8080 check weight 10 disabled", "10.0.0.12:8080 check weight 10")
HOLD = "var/lib/haproxy/provisioner-hold/provisioner_hold_site"
COMMANDS: list[dict[str, Any]] = [
    {"argv": "haproxy -vv", "out": "Feature list : +LUA"},
    {"argv": "haproxy -c -f *"},
    {"argv": "systemctl reload haproxy"},
]


class Balancer:
    """A temporary host with HAProxy on it."""

    def __init__(self, root: Path, running: RunningHaproxy) -> None:
        self.root, self.running = root, running
        self.commands = RecordedCommands(root, COMMANDS)
        self.is_switched = False

    def write(self, config: str) -> None:
        (self.root / "etc/haproxy").mkdir(parents=True, exist_ok=True)
        (self.root / "etc/haproxy/haproxy.cfg").write_text(config)

    @property
    def config(self) -> str:
        return (self.root / "etc/haproxy/haproxy.cfg").read_text()

    @property
    def held(self) -> list[str]:
        return (self.root / HOLD).read_text().splitlines()

    def __call__(self, do: str, *, check: bool = False, **more: Any) -> dict[str, Any]:
        words = {"do": do, "backend": "site", "old": ["web1"], "new": ["web2"], **more}
        system = System(root=str(self.root), commands=self.commands)
        return run_module(haproxy_switch, words, Mode(check, diff=True), system)


@pytest.fixture(name="balancer")
def one_balancer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Balancer]:
    (tmp_path / "run").mkdir()
    (tmp_path / "proc").mkdir()
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    running = RunningHaproxy(Path("run/h.sock"), {"web1": "UP", "web2": "MAINT"})
    balancer = Balancer(Path(), running)
    balancer.write(PREPARED)
    yield balancer
    running.close()


def test_prepare_adds_the_hold_and_the_new_server_out_of_service(balancer: Balancer) -> None:
    balancer.write(CONFIG)
    del balancer.running.servers["web2"]
    reload = {"argv": "systemctl reload haproxy"}
    balancer.commands = ReloadingCommands(balancer, [*COMMANDS[:2], reload])
    result = balancer("prepare", addresses={"web2": "10.0.0.12"})
    assert (result["changed"], result.get("failed")) == (True, None), result
    assert balancer.config == PREPARED
    program = Path("etc/haproxy/provisioner_hold_site.lua").read_text()
    assert (
        '"/provisioner-hold/provisioner_hold_site", "/var/lib/haproxy/provisioner-hold/provisioner_hold_site"'
        in program
    )
    assert balancer("prepare", addresses={"web2": "10.0.0.12"})["changed"] is False


class ReloadingCommands(RecordedCommands):
    """A reload brings another process, with the servers of the new configuration."""

    def __init__(self, balancer: Balancer, entries: list[dict[str, Any]]) -> None:
        super().__init__(balancer.root, entries)
        self.balancer = balancer

    def run(self, argv: Any, **more: Any) -> Any:
        if argv[0] == "systemctl":
            self.balancer.running.pid += 1
            self.balancer.running.servers["web2"] = "MAINT"
        return super().run(argv, **more)


def test_a_configuration_that_haproxy_refuses_is_not_put_in_place(balancer: Balancer) -> None:
    balancer.write(CONFIG)
    balancer.commands = RecordedCommands(
        balancer.root, [COMMANDS[0], {"argv": "haproxy -c -f *", "rc": 1, "err": "no"}]
    )
    result = balancer("prepare", addresses={"web2": "10.0.0.12"})
    assert "HAProxy refuses the new configuration, nothing was changed: no" in result["msg"]
    assert balancer.config == CONFIG


def test_prepare_needs_an_address_for_a_server_that_is_missing(balancer: Balancer) -> None:
    balancer.write(CONFIG)
    assert "no address is given to add it" in balancer("prepare")["msg"]


def test_hold_returns_when_no_request_is_under_way(balancer: Balancer) -> None:
    balancer.running.sessions["web1"] = [3, 0, 1, 0]
    result = balancer("hold", limit_s=20)
    assert (result["changed"], result["held"]) == (True, "all"), result
    assert balancer.running.sessions["web1"] == [0]
    mode, till = balancer.held[0].split()
    assert mode == "all"
    assert 15 < float(till) - time.time() <= 20


def test_hold_of_writes_waits_for_writes_only(balancer: Balancer) -> None:
    balancer.running.sessions["web1"] = [5]
    balancer.running.writing = [2, 1, 0]
    result = balancer("hold", hold="writes")
    assert result["held"] == "writes", result
    assert balancer.held[0].startswith("writes ")


def test_requests_that_do_not_end_end_the_hold(balancer: Balancer) -> None:
    balancer.running.sessions["web1"] = [2]
    result = balancer("hold", wait_s=0.05)
    assert "2 requests for site are still under way after 0.05 s; nothing is held any more" in result["msg"]
    assert balancer.held[0].startswith("open ")


def test_what_does_not_end_is_ended_where_that_is_wanted(balancer: Balancer) -> None:
    balancer.running.sessions["web1"] = [2]
    result = balancer("hold", wait_s=0.05, end=True)
    assert result.get("failed") is None, result
    assert balancer.held[0].startswith("all ")
    assert "shutdown sessions server site/web1" in balancer.running.orders


def test_of_tcp_connections_wait_instead_of_requests(balancer: Balancer) -> None:
    balancer.write(CONFIG.replace("mode http", "mode tcp"))
    del balancer.running.servers["web2"]
    balancer.commands = ReloadingCommands(balancer, [*COMMANDS[:2], {"argv": "systemctl reload haproxy"}])
    assert balancer("prepare", addresses={"web2": "10.0.0.12"})["changed"] is True
    assert "tcp-request inspect-delay 600s\n    tcp-request content lua.provisioner_hold_site\n" in balancer.config
    assert "http-request" not in balancer.config
    program = Path("etc/haproxy/provisioner_hold_site.lua").read_text()
    assert '{ "tcp-req" }' in program
    assert "txn.sf:method" not in program
    assert balancer("prepare", addresses={"web2": "10.0.0.12"})["changed"] is False
    assert balancer("hold", hold="writes")["held"] == "all", "nobody sees what a connection is for"


def test_tcp_that_is_looked_into_for_a_time_of_its_own_is_refused(balancer: Balancer) -> None:
    delay = "    tcp-request inspect-delay 5s\n    default-server"
    balancer.write(CONFIG.replace("mode http", "mode tcp").replace("    default-server", delay))
    result = balancer("prepare", addresses={"web2": "10.0.0.12"})
    assert "backend site has a 'tcp-request inspect-delay' of its own" in result["msg"]


@pytest.mark.parametrize(
    ("config", "mode"),
    [
        ("backend b", "tcp"),
        ("defaults\n mode http\nbackend b", "http"),
        ("defaults\n mode http\nbackend b\n mode tcp # http", "tcp"),
        ("defaults\n mode http\ndefaults\n log global\nbackend b", "tcp"),
        ("defaults web\n mode http\ndefaults db\n mode tcp\nbackend b from web", "http"),
        ("backend b\n #mode http\ndefaults\n mode http", "tcp"),
    ],
)
def test_the_mode_of_a_backend_is_its_own_or_that_of_its_defaults(config: str, mode: str) -> None:
    lines = config.splitlines()
    assert haproxy.mode_of(lines, haproxy.backend_section(lines, "b")) == mode


def test_a_worker_left_over_from_a_reload_counts(balancer: Balancer) -> None:
    master = RunningHaproxy(Path("run/m.sock"), {"web1": "UP"}, {"web1": [1]}, old_workers=(7,))
    result = balancer("hold", wait_s=0.05, master_socket="/run/m.sock")
    master.close()
    assert "1 requests for site are still under way" in result["msg"]


def test_a_worker_that_nobody_can_ask_has_to_end_first(balancer: Balancer) -> None:
    for pid, text in {
        100: "100 (haproxy) S 1 1",
        99: "99 (haproxy) S 1 1",
        98: "98 (sh) S 1 1",
        97: "97 (haproxy) S 5 1",
    }.items():
        Path(f"proc/{pid}").mkdir(parents=True)
        Path(f"proc/{pid}/stat").write_text(text)
    assert "1 requests for site are still under way" in balancer("hold", wait_s=0.05)["msg"]
    Path("proc/99/stat").unlink()
    assert balancer("hold")["held"] == "all"


def test_a_hold_that_lasts_long_enough_is_left_alone(balancer: Balancer) -> None:
    balancer("hold", limit_s=20)
    assert balancer("hold", limit_s=20)["changed"] is False
    assert balancer("hold", limit_s=200)["changed"] is True


def test_servers_that_are_cut_off_when_taken_out_hold_all_requests(balancer: Balancer) -> None:
    balancer.write(PREPARED.replace("inter 1s", "inter 1s on-marked-down shutdown-sessions"))
    assert balancer("hold", hold="writes")["held"] == "all"


def test_nothing_can_be_held_before_it_is_prepared(balancer: Balancer) -> None:
    balancer.running.writing = None
    assert "'prepare' it first" in balancer("hold")["msg"]


def test_point_changes_the_running_servers_and_the_configuration(balancer: Balancer) -> None:
    result = balancer("point", to="new")
    assert (result["changed"], result["points_to"]) == (True, "new"), result
    assert balancer.running.orders == ["set server site/web2 state ready", "set server site/web1 state maint"]
    assert balancer.config == SWITCHED
    assert balancer.held[2].endswith(" web2 web1")
    assert balancer("point", to="new")["changed"] is False
    assert balancer("point", to="old")["changed"] is True
    assert balancer.config == PREPARED


def test_check_mode_only_tells(balancer: Balancer) -> None:
    result = balancer("point", to="new", check=True)
    assert (result["changed"], balancer.running.orders, balancer.config) == (True, [], PREPARED)
    assert result["diff"] == balancer("point", to="new")["diff"]
    assert "web2" in str(result["diff"])


def test_a_server_that_does_not_come_up_gets_no_requests(balancer: Balancer) -> None:
    balancer.running.comes_up_as = "DOWN"
    result = balancer("point", to="new", wait_s=0.05)
    assert "site/web2 is DOWN after 0.05 s: requests stay where they are" in result["msg"]
    assert (balancer.running.servers, balancer.config) == ({"web1": "UP", "web2": "MAINT"}, PREPARED)


def test_going_back_alone_does_not_wait_for_the_server_to_be_up(balancer: Balancer) -> None:
    balancer.running.comes_up_as = "DOWN"
    assert balancer("point", to="new", must_be_up=False)["changed"] is True
    assert balancer.running.servers == {"web1": "MAINT", "web2": "DOWN"}


def test_a_half_done_switch_is_finished(balancer: Balancer) -> None:
    balancer.running.servers.update(web1="UP", web2="UP")
    assert balancer("current")["points_to"] == "both"
    assert balancer("point", to="new")["changed"] is True
    assert balancer("current", to="new")["points_to"] == "new"


def test_release_asks_haproxy_nothing(balancer: Balancer) -> None:
    balancer("hold")
    balancer.running.close()
    Path("run/h.sock").unlink()
    result = balancer("release")
    assert (result["changed"], result["held"]) == (True, "")
    assert result["measured"]["held_s"] >= 0
    assert balancer("release")["changed"] is False


def test_current_fails_where_requests_go_elsewhere_after_a_reload(balancer: Balancer) -> None:
    balancer.running.servers.update(web1="MAINT", web2="UP")
    message = balancer("current", to="new")["msg"]
    assert message == "requests for site go to: new (after a reload: old), expected: new"


def test_drain_tells_how_many_sessions_are_left(balancer: Balancer) -> None:
    balancer.running.servers.update(web1="MAINT", web2="UP")
    balancer.running.sessions["web1"] = [2]
    result = balancer("drain", wait_s=0.02)
    assert (result["sessions"], result["drained"]) == (2, False)


def test_remove_takes_the_hold_away(balancer: Balancer) -> None:
    Path("etc/haproxy/provisioner_hold_site.lua").write_text("--")
    balancer.commands = ReloadingCommands(balancer, COMMANDS)
    assert balancer("remove")["changed"] is True
    assert "provisioner" not in balancer.config
    assert not Path("etc/haproxy/provisioner_hold_site.lua").exists()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (CONFIG.replace("level admin", "level operator"), "HAProxy has no admin socket"),
        (CONFIG.replace("backend site", "backend shop"), "has no backend 'site'; it has: shop"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_explained(balancer: Balancer, config: str, message: str) -> None:
    balancer.write(config)
    assert message in balancer("current")["msg"]


def test_a_sticky_counter_in_use_is_not_taken() -> None:
    lines = [*CONFIG.splitlines(), "    http-request track-sc2 src table t"]
    where = haproxy_hold.places(lines, "/etc/haproxy/haproxy.cfg", "site")
    assert "track-sc1 str(writes)" in "\n".join(haproxy_hold.with_hold(lines, where))


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("    server a 10.0.0.1:80 check", "    server a 10.0.0.1:80 check disabled"),
        ("server a 10.0.0.1:80 # disabled?", "server a 10.0.0.1:80 disabled # disabled?"),
        ("  server disabled 10.0.0.1:80", "  server disabled 10.0.0.1:80 disabled"),
    ],
)
def test_a_server_is_taken_out_of_service_and_brought_back(line: str, out: str) -> None:
    assert haproxy.with_service(line, False) == out
    assert haproxy.with_service(out, True) == line
    assert haproxy.with_service(line, True) == line
