"""A guarded block is undone by the host itself unless it is confirmed over a new connection, whatever happens."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import Cli, cli, eventually, on

__all__ = ["cli", "on"]
On = Callable[..., str]
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
    on("h1", "rm -rf /var/tmp/g-* /root/.provisioner")
    yield
    on("h1", "rm -rf /var/tmp/g-* /root/.provisioner")


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
    eventually(lambda: on("h1", THERE) == "", 15)
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
    assert "guard-" not in on("h1", "ls -A /root/.provisioner 2>/dev/null || true")
    assert done.code in {0, 2}
