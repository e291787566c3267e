"""What happens when something breaks under a run: it ends in bounded time, says what is known, and can be run again."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.journal.replay import replay
from provisioner.lab.lab import Lab
from provisioner.model.event import OperationFinished, OperationStarted, RunFinished
from provisioner.model.status import Status

from .conftest import Cli, eventually

pytestmark = pytest.mark.e2e
SLOW = """
- hosts: {hosts}
  gather_facts: false
  tasks:
    - {{name: first, command: "touch /var/tmp/e2e-first"}}
    - {{name: slow, shell: "touch /var/tmp/e2e-slow; sleep {seconds}; rm /var/tmp/e2e-slow"}}
    - {{name: last, command: "touch /var/tmp/e2e-last"}}
"""


def slow(hosts: str = "h1", seconds: float = 3) -> str:
    """Return a play whose second task takes a while."""
    return SLOW.format(hosts=hosts, seconds=seconds)


@pytest.fixture(autouse=True)
def traces(lab: Lab, on: Callable[..., str]) -> None:
    """Take away what a test before this one left on the hosts."""
    for host in ("h1", "h2"):
        lab.heal(host)
        on(host, "rm -f /var/tmp/e2e-*; pkill -x sleep || true")


def exists(lab: Lab, host: str, path: str) -> bool:
    """Tell whether a file is on a host, looked at from outside: this works with the cable pulled too."""
    return os.path.lexists(str(lab.host(host).root) + path)


def lasting(cli: Cli) -> list[str]:
    """Return the statuses of the last run in order."""
    return [e.status.value for e in cli.events() if isinstance(e, OperationFinished)]


def in_slow_task(cli: Cli, on: Callable[..., str], host: str = "h1") -> Callable[[], bool]:
    """Return a condition: the slow task is under way."""
    return lambda: bool(cli.journals()) and on(host, "ls /var/tmp/e2e-slow 2>/dev/null || true").strip() != ""


def test_ctrl_c_lets_the_running_task_finish_and_records_the_end(cli: Cli, on: Callable[..., str]) -> None:
    process = cli.start_run(slow())
    eventually(in_slow_task(cli, on))
    process.send_signal(signal.SIGINT)
    done = cli.end(process)
    assert done.code == 99, done.text
    last = cli.events()[-1]
    assert isinstance(last, RunFinished)
    assert (last.exit_code, bool(last.reason)) == (99, True)
    assert lasting(cli)[:2] == ["changed", "changed"]
    assert on("h1", "ls /var/tmp").split().count("e2e-last") == 0


def test_ctrl_c_twice_ends_at_once(cli: Cli, on: Callable[..., str]) -> None:
    process = cli.start_run(slow(seconds=60))
    eventually(in_slow_task(cli, on))
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    done = cli.end(process)
    assert done.seconds < 40
    assert done.code == 99
    assert "Traceback" not in done.text


def test_a_killed_controller_leaves_a_journal_that_replays_and_the_next_run_is_fine(
    cli: Cli, on: Callable[..., str]
) -> None:
    process = cli.start_run(slow())
    eventually(in_slow_task(cli, on))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    events = list(replay(cli.journals()[0]))
    assert not isinstance(events[-1], RunFinished)
    begun = {e.operation for e in events if isinstance(e, OperationStarted)}
    ended = {e.operation for e in events if isinstance(e, OperationFinished)}
    assert len(begun - ended) >= 1, "the task that was under way must be seen as begun and not ended"
    again = cli.run(slow(seconds=0), "--share")  # the worker that was left alone may still be at it
    assert again.code == 0, again.text
    assert lasting(cli) == ["changed"] * 3
    assert cli.call("history").code == 0


@pytest.mark.usefixtures("healed")
def test_a_cut_link_ends_in_bounded_time_and_names_host_user_and_remedy(
    cli: Cli, lab: Lab, on: Callable[..., str]
) -> None:
    process = cli.start_run(
        slow("h1:h2", seconds=4), "--ssh-extra-args", "-o ServerAliveInterval=1", "--reconnect", "0"
    )
    eventually(in_slow_task(cli, on))
    lab.cut("h1")
    done = cli.end(process)
    assert done.code == 4, done.text
    assert done.seconds < 40
    ends = {(e.host, e.status) for e in cli.events() if isinstance(e, OperationFinished)}
    assert ends & {("h1", Status.LOST), ("h1", Status.UNREACHABLE)}
    assert ("h2", Status.CHANGED) in ends
    assert ("h1", Status.FAILED) not in ends
    assert exists(lab, "h2", "/var/tmp/e2e-last")
    told = done.text
    assert "h1" in told
    assert lab.host("h1").address in told or "root@" in told
    assert isinstance(cli.events()[-1], RunFinished)


def test_a_killed_worker_process_is_told_and_the_run_goes_on_elsewhere(
    cli: Cli, lab: Lab, on: Callable[..., str]
) -> None:
    process = cli.start_run(slow("h1:h2", seconds=2))
    eventually(in_slow_task(cli, on))
    on(
        "h1",
        "for p in $(pgrep -x python3); do tr '\\0' ' ' < /proc/$p/cmdline | grep -q unattended || kill -9 $p; done",
    )
    done = cli.end(process)
    assert done.code == 4, done.text
    assert done.seconds < 40
    ends = {(e.host, e.status) for e in cli.events() if isinstance(e, OperationFinished)}
    assert ends & {("h1", Status.LOST), ("h1", Status.UNREACHABLE)}
    assert exists(lab, "h2", "/var/tmp/e2e-last")
    assert not exists(lab, "h1", "/var/tmp/e2e-last")
    assert cli.run(slow(seconds=0)).code == 0


@pytest.mark.usefixtures("healed")
def test_a_host_that_is_down_from_the_start_does_not_keep_the_others(cli: Cli, lab: Lab) -> None:
    lab.cut("h1")
    done = cli.run(slow("h1:h2", seconds=0), "--timeout", "3")
    assert done.code == 4, done.text
    assert done.seconds < 40
    unreachable = [e for e in cli.events() if isinstance(e, OperationFinished) and e.status is Status.UNREACHABLE]
    assert [e.host for e in unreachable] == ["h1"]
    message = str(unreachable[0].result["msg"])
    assert lab.host("h1").address in message
    assert "root" in message
    assert exists(lab, "h2", "/var/tmp/e2e-last")


def test_a_refused_connection_is_told_at_once(cli: Cli, lab: Lab) -> None:
    done = cli.run(slow(seconds=0), "-e", "ansible_port=9")
    assert done.code == 4
    assert done.seconds < 40
    assert lab.host("h1").address in done.text


def test_a_wrong_become_password_is_told_with_host_and_user(cli: Cli) -> None:
    text = "- {hosts: h1, gather_facts: false, become: true, tasks: [{name: who, command: id}]}"
    extra = json.dumps({"ansible_user": "deploy", "ansible_become_password": "not the password"})
    done = cli.run(text, "-e", extra)
    assert done.code in {2, 4}, done.text
    assert done.seconds < 40
    assert "h1" in done.text
    assert "deploy" in done.text
    assert "password" in done.text
    assert "not the password" not in done.text


def test_a_missing_become_password_does_not_hang(cli: Cli) -> None:
    text = "- {hosts: h1, gather_facts: false, become: true, tasks: [{name: who, command: id}]}"
    done = cli.run(text, "-e", json.dumps({"ansible_user": "deploy", "ansible_become_password": ""}))
    assert done.code in {2, 4}, done.text
    assert done.seconds < 40
    assert "password" in done.text


def test_an_unknown_host_key_is_refused_with_a_remedy(cli: Cli, lab: Lab) -> None:
    empty = cli.write("known_hosts", "")
    arguments = f"-o UserKnownHostsFile={empty} -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"
    done = cli.run(slow(seconds=0), "-e", json.dumps({"ansible_ssh_common_args": arguments}))
    assert done.code == 4, done.text
    assert "host's key is not known" in done.text
    assert "ssh-keyscan" in done.text
    assert lab.host("h1").address in done.text
    assert not exists(lab, "h1", "/var/tmp/e2e-first")
    assert empty.read_text("utf-8") == ""


def test_a_changed_host_key_is_refused(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    lines = lab.known_hosts_path.read_text("utf-8").splitlines()
    keys = {names: rest for names, _, rest in (line.partition(" ") for line in lines)}
    own = next(names for names in keys if lab.host("h1").address in names.split(","))
    other = next(names for names in keys if lab.host("h2").address in names.split(","))
    forged = cli.write("known_hosts", f"{own} {keys[other]}\n")
    arguments = f"-o UserKnownHostsFile={forged} -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"
    done = cli.run(slow(seconds=0), "-e", json.dumps({"ansible_ssh_common_args": arguments}))
    assert done.code == 4, done.text
    assert "key" in done.text
    assert lab.host("h1").address in done.text
    assert not exists(lab, "h1", "/var/tmp/e2e-first")


def test_a_wrong_key_is_told_with_user_and_what_was_tried(cli: Cli, lab: Lab) -> None:
    done = cli.run(slow(seconds=0), "-e", json.dumps({"ansible_user": "nobody"}))
    assert done.code == 4, done.text
    assert "nobody" in done.text
    assert lab.host("h1").address in done.text
