"""A run that is broken in the middle goes on where it was: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli, cli, eventually, on

__all__ = ["cli", "on"]
On = Callable[..., str]
HOSTS = ("h1", "h2")

SITE = """
- hosts: h1:h2
  gather_facts: false
  tasks:
    - {name: first, shell: "echo x >> /var/tmp/r-first; echo said-{{ inventory_hostname }}", register: said,
       no_log: true, notify: tell}
    - {name: picked, set_fact: {number: "{{ 1000000 | random }}"}}
    - {name: keep, copy: {content: "{{ number }}", dest: /var/tmp/r-number}}
    - {name: loop, shell: "echo {{ item }} >> /var/tmp/r-loop; sleep 1", loop: [1, 2, 3]}
    - {name: last, copy: {content: "{{ said.stdout }} {{ number }}", dest: /var/tmp/r-last}}
  handlers:
    - {name: tell, shell: "echo x >> /var/tmp/r-told"}
"""


@pytest.fixture(autouse=True)
def _clean_hosts(lab: Lab, on: On) -> Iterator[None]:
    away = "rm -rf /var/tmp/r-* ~/.provisioner"
    for host in HOSTS:
        on(host, away)
    yield
    for host in HOSTS:
        lab.heal(host)
        on(host, away)


def assert_whole(on: On) -> None:
    """What an undisturbed run leaves, each counting command once."""
    for host in HOSTS:
        assert on(host, "cat /var/tmp/r-first /var/tmp/r-told").split() == ["x", "x"]
        assert on(host, "cat /var/tmp/r-loop").split() == ["1", "2", "3"]
        said, number = on(host, "cat /var/tmp/r-last").split()
        assert said == f"said-{host}"
        assert number == on(host, "cat /var/tmp/r-number"), "what was picked was picked once"
        assert on(host, "ls -A ~/.provisioner").split() == [], "the hosts' records go when all is told"


def in_loop(on: On, number: str, host: str = "h1") -> Callable[[], bool]:
    return lambda: number in on(host, "cat /var/tmp/r-loop 2>/dev/null || true").split()


def test_a_killed_controller_is_resumed_in_the_middle_of_a_loop(cli: Cli, on: On) -> None:
    process = cli.start_run(SITE)
    eventually(in_loop(on, "2"))
    process.send_signal(signal.SIGKILL)
    cli.end(process)
    resumed = cli.call("resume")
    assert resumed.code == 0, resumed.text
    assert_whole(on)
    journals = [path.read_text("utf-8") for path in cli.journals()]
    assert not any("said-h" in text for text in journals), "what no_log hides is in no journal"


def test_a_link_that_is_cut_for_a_while_only_delays_the_run(cli: Cli, lab: Lab, on: On) -> None:
    process = cli.start_run(SITE, "--ssh-extra-args", "-o ServerAliveInterval=1")
    eventually(in_loop(on, "2"))
    lab.cut("h1")
    time.sleep(5)
    lab.heal("h1")
    done = cli.end(process)
    assert done.code == 0, done.text
    assert "connecting again" in done.text
    assert_whole(on)


def test_a_run_stopped_by_the_user_is_resumed(cli: Cli, on: On) -> None:
    process = cli.start_run(SITE)
    eventually(in_loop(on, "1"))
    process.send_signal(signal.SIGINT)
    assert cli.end(process).code == 99
    resumed = cli.call("resume")
    assert resumed.code == 0, resumed.text
    assert_whole(on)


def test_a_worker_killed_in_a_command_leaves_it_unknown_until_the_user_decides(cli: Cli, on: On) -> None:
    process = cli.start_run(SITE)
    eventually(in_loop(on, "2"))
    on("h1", "pkill -9 -f 'zlib[.]decompress'; pkill -x sleep; true")
    done = cli.end(process)
    assert done.code == 4, done.text
    assert "ended in the middle of it" in done.text
    again = cli.call("resume")
    assert again.code == 4, "nobody knows more than before"
    decided = cli.call("resume", "--unknown", "again")
    assert decided.code == 0, decided.text
    assert on("h2", "cat /var/tmp/r-loop").split() == ["1", "2", "3"]
    assert on("h1", "cat /var/tmp/r-told").split() == ["x"]


def test_a_playbook_that_changed_is_not_resumed_unless_adopted(cli: Cli, on: On) -> None:
    process = cli.start_run(SITE)
    eventually(in_loop(on, "1"))
    process.send_signal(signal.SIGKILL)
    cli.end(process)
    playbook = next(path for path in cli.folder.glob("*.yml") if "r-first" in path.read_text("utf-8"))
    playbook.write_text(playbook.read_text("utf-8") + "\n# a remark\n", encoding="utf-8")
    refused = cli.call("resume")
    assert refused.code == 4
    assert f"changed: {playbook.name}" in refused.text or str(playbook) in refused.text
    adopted = cli.call("resume", "--adopt")
    assert adopted.code == 0, adopted.text
    assert_whole(on)


UNTIL_TOLD = """
- hosts: h1
  gather_facts: false
  tasks:
    - shell: touch /var/tmp/r-waits; while [ ! -e /var/tmp/r-gate ]; do sleep 0.1; done
"""
"""Goes on until somebody makes the gate, however slow the machine is."""


def waits(on: On) -> Callable[[], bool]:
    return lambda: on("h1", "ls /var/tmp/r-waits || true").strip() != ""


def test_a_run_that_ended_well_and_one_that_goes_on_are_not_resumed(cli: Cli, on: On) -> None:
    process = cli.start_run(UNTIL_TOLD)
    eventually(waits(on))
    going_on = cli.call("resume")
    on("h1", "touch /var/tmp/r-gate")
    assert going_on.code == 4
    assert "still going on" in going_on.text
    assert cli.end(process).code == 0
    over = cli.call("resume")
    assert over.code == 4
    assert "nothing to resume" in over.text


def test_where_the_home_is_full_the_record_is_kept_elsewhere(cli: Cli, on: On) -> None:
    folder = "~/.provisioner"
    small = f"mkdir -p -m 700 {folder} && mount -t tmpfs -o size=4k,mode=700 t {folder}"
    on("h1", f"{small} && cat /dev/zero > {folder}/x; true")
    try:
        done = cli.run(SITE)
    finally:
        on("h1", f"umount -l {folder}")
    assert done.code == 0, done.text
    assert on("h1", "cat /var/tmp/r-loop").split() == ["1", "2", "3"]


def test_a_second_run_is_told_who_has_the_host_and_may_share_it(cli: Cli, on: On) -> None:
    process = cli.start_run(UNTIL_TOLD)
    eventually(waits(on))
    small = "- hosts: h1\n  gather_facts: false\n  tasks:\n    - command: touch /var/tmp/r-second\n"
    refused = cli.run(small)
    shared = cli.run(small, "--share")
    on("h1", "touch /var/tmp/r-gate")
    assert refused.code == 4, refused.text
    assert "another run has this host" in refused.text
    assert ", since 20" in refused.text
    assert shared.code == 0, shared.text
    assert cli.end(process).code == 0
    later = cli.run(small)
    assert later.code == 0, later.text


OWING = """
- hosts: h1
  gather_facts: false
  tasks:
    - {name: change, shell: "echo x >> /var/tmp/r-first", changed_when: "'quiet' not in vars", notify: tell}
    - {name: breaks, command: "true", failed_when: "'breaks' in vars"}
  handlers:
    - {name: tell, shell: "echo x >> /var/tmp/r-told"}
"""


def test_a_handler_that_did_not_run_is_owed_until_it_did(cli: Cli, on: On) -> None:
    assert cli.run(OWING, "-e", "breaks=1").code == 2
    owed = cli.call("status", "--owed")
    assert owed.code == 2
    assert "handler 'tell'" in owed.text
    left = cli.run(OWING, "-e", "quiet=1", "--leave-owed")
    assert left.code == 0, left.text
    assert cli.call("status", "--owed").code == 2
    assert cli.run(OWING, "-e", "quiet=1").code == 0
    assert on("h1", "cat /var/tmp/r-told").split() == ["x"]
    assert cli.call("status", "--owed").code == 0


def test_an_owed_handler_can_be_waived(cli: Cli) -> None:
    assert cli.run(OWING, "-e", "breaks=1").code == 2
    assert cli.call("status", "h1", "--waive", "tell").code == 0
    assert cli.call("status", "--owed").code == 0
    refused = cli.call("status", "h1", "--waive", "tell")
    assert refused.code == 4
