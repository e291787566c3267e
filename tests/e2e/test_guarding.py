"""A guarded block is undone by the host itself unless it is confirmed over a new connection, whatever happens."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli, cli, eventually, on

__all__ = ["cli", "on"]
On = Callable[..., str]
LEFT = "find /etc/systemd/system ~/.provisioner -name '*guard*.service' -o -name 'guard*.d'"
THERE = "ls /var/tmp/g-* 2>/dev/null || true"

SITE = """
- hosts: h1
  gather_facts: false
  tasks:
    - name: open
      guard:
        confirm: 4s
        checks:
          - command: {cmd: "test -e /var/tmp/g-open"}
      revert:
        - command: rm -f /var/tmp/g-open
      block:
        - {name: change, copy: {content: x, dest: /var/tmp/g-open}}
        - {name: wait, command: "sleep {{ wait | default(0) }}"}
        - {name: breaks, command: "{{ breaks | default('true') }}"}
    - {name: behind, copy: {content: x, dest: /var/tmp/g-behind}}
"""
CUT = """
- hosts: h1
  gather_facts: false
  tasks:
    - name: firewall
      guard: {confirm: 4s}
      revert:
        - command: nft delete table inet guarded
      block:
        - shell: |
            nft add table inet guarded
            nft add chain inet guarded input '{ type filter hook input priority 0; policy accept; }'
            nft add rule inet guarded input tcp dport 22 drop
"""


@pytest.fixture(autouse=True)
def _clean_host(on: On) -> Iterator[None]:
    on("h1", "rm -rf /var/tmp/g-* ~/.provisioner")
    yield
    on("h1", "rm -rf /var/tmp/g-* ~/.provisioner")


def test_what_is_confirmed_stays(cli: Cli, on: On) -> None:
    done = cli.run(SITE)
    assert done.code == 0, done.text
    on("h1", "sleep 5")
    assert on("h1", THERE).split() == ["/var/tmp/g-behind", "/var/tmp/g-open"]


def test_a_failure_inside_has_the_host_undo_it_at_once(cli: Cli, on: On) -> None:
    done = cli.run(SITE, "-e", "breaks=false")
    assert done.code == 2, done.text
    assert "undone by its guard" in done.text
    assert on("h1", THERE) == ""


def test_a_check_that_does_not_hold_has_the_host_undo_it(cli: Cli, on: On) -> None:
    done = cli.run(SITE.replace("test -e", "test ! -e"))
    assert done.code == 2, done.text
    assert on("h1", THERE) == ""


def test_a_host_that_cut_itself_off_comes_back_and_says_so(cli: Cli) -> None:
    done = cli.run(CUT, "--ssh-extra-args", "-o ServerAliveInterval=1")
    assert done.code == 2, done.text
    assert "not confirmed in time: the host undid it at" in done.text


def test_the_host_undoes_it_when_the_controller_is_gone_and_a_resumed_run_tells_so(cli: Cli, on: On) -> None:
    process = cli.start_run(SITE, "-e", "wait=8")
    eventually(lambda: "g-open" in on("h1", THERE))
    process.send_signal(signal.SIGKILL)
    cli.end(process)
    eventually(lambda: on("h1", THERE) == "", 45)
    resumed = cli.call("resume")
    assert resumed.code == 2, resumed.text
    assert "undone by its guard" in resumed.text


def test_a_way_back_that_cannot_work_is_noticed_before_anything_is_changed(cli: Cli, on: On) -> None:
    text = SITE.replace("command: rm -f /var/tmp/g-open", "copy: {src: /no/such/backup, dest: /x, remote_src: true}")
    done = cli.run(text)
    assert done.code == 2, done.text
    assert "the guard cannot undo this" in done.text
    assert on("h1", THERE) == ""


def test_nothing_is_armed_in_check_mode(cli: Cli, on: On) -> None:
    done = cli.run(SITE, "--check")
    assert "guard-" not in on("h1", "ls -A ~/.provisioner 2>/dev/null || true")
    assert done.code in {0, 2}


def test_a_guard_that_survives_a_reboot_is_carried_out_after_it(cli: Cli, on: On, lab: Lab) -> None:
    text = SITE.replace("confirm: 4s", "confirm: 12s\n        survive_reboot: true")
    process = cli.start_run(text, "-e", "wait=60", "--reconnect", "0")
    eventually(lambda: "g-open" in on("h1", THERE))
    booted = boot_of(lab)
    on("h1", "nohup systemctl reboot --force --force >/dev/null 2>&1 & true")
    process.send_signal(signal.SIGKILL)
    cli.end(process)
    eventually(lambda: boot_of(lab) not in {"", booted}, 60)
    assert on("h1", THERE) != "", "it has time left"
    eventually(lambda: on("h1", THERE) == "", 45)
    eventually(lambda: on("h1", LEFT) == "")
    told = cli.call("exec", "h1", "-i", cli.inventory, "-m", "armed_guard", "-a", f"do=status id={guard_id(on)}")
    assert "undone" in told.text


def test_a_guard_that_was_confirmed_leaves_nothing_behind(cli: Cli, on: On) -> None:
    done = cli.run(SITE.replace("confirm: 4s", "confirm: 30s\n        survive_reboot: true"))
    assert done.code == 0, done.text
    assert on("h1", "find /etc/systemd/system -name 'provisioner*'; ls -d ~/.provisioner/*.d 2>/dev/null || true") == ""
    assert "confirmed" in on("h1", "cat ~/.provisioner/guard-????????????????")


def boot_of(lab: Lab) -> str:
    """Return the id of h1's boot; nothing while it is not up."""
    words = [*lab.ssh_command(lab.host("h1")), "cat /proc/sys/kernel/random/boot_id"]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=30).stdout.strip()


def guard_id(on: On) -> str:
    """Return the name of the one guard on h1."""
    return on("h1", "basename $(ls ~/.provisioner/guard-????????????????)").strip().removeprefix("guard-")


def test_a_timer_of_systemd_undoes_it_where_everything_of_the_session_was_killed(cli: Cli, on: On) -> None:
    process = cli.start_run(SITE.replace("confirm: 4s", "confirm: 8s"), "-e", "wait=60", "--reconnect", "0")
    eventually(lambda: "g-open" in on("h1", THERE))
    timers = "systemctl list-timers --all --no-legend 'provisioner-undo-*'"
    assert on("h1", timers) != "", "an administrator sees it"
    on("h1", "pkill -9 -x python3; true")
    process.send_signal(signal.SIGKILL)
    cli.end(process)
    eventually(lambda: on("h1", THERE) == "", 45)
    eventually(lambda: on("h1", timers + "; ls -A /run/provisioner") == "", 45)
