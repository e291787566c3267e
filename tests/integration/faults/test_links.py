"""The way to a host breaks: cut, frozen, closed, killed, rebooted. Noticed in bounded time, told, and run again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from provisioner.lab.lab import Lab
from tests.integration.faults.conftest import (
    IMPATIENT,
    SLOW,
    Cli,
    Done,
    On,
    assert_clean,
    checked,
    ends,
    eventually,
    extra,
    in_slow_task,
    message,
    play,
)

LAST = '{name: last, command: "touch /var/tmp/f-last"}'
BOTH = pytest.mark.parametrize("connection", ["ssh", pytest.param("openssh", marks=pytest.mark.campaign)])


def begun(cli: Cli, on: On, *options: str, tasks: tuple[str, ...] = (SLOW, LAST)) -> object:
    """Start a run and return it once the slow task is under way."""
    process = cli.start_run(play(*tasks), "--reconnect", "0", *options)
    eventually(in_slow_task(on))
    return process


def assert_lost(cli: Cli, lab: Lab, done: Done, within_s: float) -> None:
    """The run ended in time, the record says what is not known, the text names host, user and address."""
    assert done.code == 4, done.text
    assert done.seconds < within_s
    told = message(cli, "h1", "lost")
    assert lab.host("h1").address in told, done.text
    assert "root@" in told
    assert "whether it was done is not known" in told
    assert checked(cli)


def assert_runs_again(cli: Cli) -> None:
    again = cli.run(play('{name: again, command: "true"}'), "--share")  # the lost worker may still be at it
    assert again.code == 0, again.text


@BOTH
def test_a_cut_link_is_noticed_after_three_missed_signs_of_life(cli: Cli, lab: Lab, on: On, connection: str) -> None:
    process = begun(cli, on, *IMPATIENT, *extra(ansible_connection=connection))
    lab.cut("h1")
    assert_lost(cli, lab, cli.end(process), within_s=25)
    lab.heal("h1")
    assert_runs_again(cli)


@pytest.mark.campaign
def test_a_cut_link_is_noticed_with_default_settings_in_about_a_minute(cli: Cli, lab: Lab, on: On) -> None:
    long = '{name: slow, shell: "touch /var/tmp/f-slow; sleep 100"}'
    process = begun(cli, on, tasks=(long, LAST))
    lab.cut("h1")
    assert_lost(cli, lab, cli.end(process), within_s=90)


def test_a_frozen_sshd_is_noticed_though_its_kernel_answers(cli: Cli, lab: Lab, on: On) -> None:
    process = begun(cli, on, *IMPATIENT)
    worker = "$(pgrep -of 'zlib[.]decompress')"
    frozen = on("h1", f"p=$(ps -o ppid= -p {worker}); kill -STOP $p; echo $p").strip()
    try:
        done = cli.end(process)
    finally:
        on("h1", f"kill -9 {frozen}")
    assert_lost(cli, lab, done, within_s=25)
    assert "nothing was heard" in done.text


@pytest.mark.campaign
def test_requests_in_flight_ahead_are_each_accounted_for_when_the_link_is_cut(cli: Cli, lab: Lab, on: On) -> None:
    tasks = [SLOW, *(f'{{name: "n{number}", command: "touch /var/tmp/f-{number}"}}' for number in range(60))]
    process = begun(cli, on, *IMPATIENT, tasks=tuple(tasks))
    lab.cut("h1")
    done = cli.end(process)
    assert_lost(cli, lab, done, within_s=25)
    statuses = ends(cli)
    assert statuses["slow", "h1"] == "lost"
    assert set(statuses.values()) == {"lost"}, "each was with the worker, none may count as not begun"
    time.sleep(5)  # the worker finishes what it was at; without a sign of life from here it begins nothing else
    left = os.listdir(lab.host("h1").root / "var/tmp")
    assert not [name for name in left if name.startswith("f-") and name != "f-slow"]
    lab.heal("h1")
    again = cli.run(play(*tasks[1:]))
    assert again.code == 0, again.text


@pytest.mark.campaign
def test_a_large_copy_over_a_cut_link_leaves_the_old_file_whole(cli: Cli, lab: Lab, on: On) -> None:
    big = cli.folder / "big"
    with big.open("wb") as stream:
        stream.truncate(150 * 1024 * 1024)
    on("h1", "echo old > /var/tmp/f-big")
    process = cli.start_run(play(f"{{name: copy, copy: {{src: {big}, dest: /var/tmp/f-big}}}}"), *IMPATIENT)
    arriving = "find /tmp/provisioner-* -name 'payload-*' -size +1M 2>/dev/null; true"
    eventually(lambda: on("h1", arriving).strip() != "")
    lab.cut("h1")
    assert_lost(cli, lab, cli.end(process), within_s=25)
    lab.heal("h1")
    assert on("h1", "cat /var/tmp/f-big") == "old\n"
    with big.open("r+b") as stream:
        stream.truncate(20 * 1024 * 1024)
    again = cli.run(play(f"{{name: copy, copy: {{src: {big}, dest: /var/tmp/f-big}}}}"))
    assert again.code == 0, again.text
    assert on("h1", "stat -c %s /var/tmp/f-big").strip() == str(20 * 1024 * 1024)


@pytest.mark.parametrize(
    "blow",
    [
        "kill -9 $(pgrep -of 'zlib[.]decompress')",
        "kill -9 $(ps -o ppid= -p $(pgrep -of 'zlib[.]decompress'))",
    ],
    ids=["worker", "sshd"],
)
def test_a_killed_process_on_the_host_is_noticed_at_once(cli: Cli, lab: Lab, on: On, blow: str) -> None:
    process = begun(cli, on)
    on("h1", f"{blow}; true")
    assert_lost(cli, lab, cli.end(process), within_s=20)
    big = cli.folder / "big"
    big.write_bytes(b"x" * 5 * 1024 * 1024)
    again = cli.run(play(f"{{name: big, copy: {{src: {big}, dest: /var/tmp/f-big}}}}"), "--share")
    assert again.code == 0, again.text


@pytest.mark.campaign
def test_a_worker_left_behind_by_a_cut_link_leaves_by_itself(cli: Cli, lab: Lab, on: On) -> None:
    process = begun(cli, on, *IMPATIENT)
    lab.cut("h1")
    assert_lost(cli, lab, cli.end(process), within_s=25)
    lab.heal("h1")
    assert_clean(on, "h1", seconds=60)


@pytest.mark.campaign
def test_a_host_that_reboots_under_a_run_is_told_and_comes_back(cli: Cli, lab: Lab, on: On) -> None:
    process = begun(cli, on)
    on("h1", "nohup systemctl reboot --force --force >/dev/null 2>&1 & true")
    done = cli.end(process)
    assert done.code == 4, done.text
    assert done.seconds < 30
    lab.reset("h1")
    assert_runs_again(cli)


def test_a_cut_during_connecting_is_bounded_by_the_timeout(cli: Cli, lab: Lab) -> None:
    lab.cut("h1")
    done = cli.run(play(LAST, hosts="h1:h2"), "--timeout", "2")
    assert done.code == 4, done.text
    assert done.seconds < 30
    told = message(cli, "h1", "unreachable")
    assert "no answer within 2 s" in told
    assert "hint:" in told
    assert ends(cli)["last", "h2"] == "changed"


WAYS: dict[str, tuple[Callable[[Lab], dict[str, object]], str]] = {
    "name": (lambda _lab: {"ansible_host": "no-such-host.invalid"}, "check the name"),
    "port": (lambda _lab: {"ansible_port": 9}, "refused"),
    "key": (lambda _lab: {"ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null"}, "ssh-keyscan"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_way_is_told_with_its_remedy(cli: Cli, lab: Lab, way: str) -> None:
    variables, remedy = WAYS[way]
    done = cli.run(play(LAST), *extra(**variables(lab)))
    assert done.code == 4, done.text
    assert done.seconds < 30
    told = message(cli, "h1", "unreachable")
    assert "root@" in told
    assert remedy in told.lower()
