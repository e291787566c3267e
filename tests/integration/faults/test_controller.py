"""The controller is stopped or killed: what runs is finished or told as unknown, and nothing of it stays anywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab
from provisioner.model.event import HandlerOwed, OperationFinished, RunFinished
from tests.integration.faults.conftest import (
    SLOW,
    Cli,
    Done,
    On,
    assert_clean,
    checked,
    ends,
    eventually,
    in_slow_task,
    play,
)

LAST = '{name: last, command: "touch /var/tmp/f-last"}'


def children(cli: Cli) -> list[str]:
    """Return the processes of this machine that belong to a run of this test and no longer to the test."""
    listed = subprocess.run(["ps", "e", "-wweo", "ppid=,args="], check=True, capture_output=True, text=True).stdout
    ours = f"PROVISIONER_STATE_DIR={cli.state} "
    return [line for line in listed.splitlines() if line.split()[0] == "1" and ours in f"{line} "]


def stopped(cli: Cli, process: subprocess.Popen[str], *signals: signal.Signals, gap_s: float = 0.4) -> Done:
    for each in signals:
        process.send_signal(each)
        time.sleep(gap_s)
    return cli.end(process)


def assert_stopped(cli: Cli, done: Done, within_s: float) -> RunFinished:
    """The run ended in time with the code of an interrupted one, and its record is whole and ends as it should."""
    assert done.code == 99, done.text
    assert done.seconds < within_s, done.text
    assert "Traceback" not in done.text
    last = cli.events()[-1]
    assert isinstance(last, RunFinished)
    assert last.exit_code == 99
    assert checked(cli)
    return last


def test_a_killed_controller_orphans_nothing(cli: Cli, on: On) -> None:
    process = cli.start_run(play(SLOW, LAST))
    eventually(in_slow_task(on))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert_clean(on, "h1", seconds=10)
    assert on("h1", "ls /var/tmp").split().count("f-slow") == 0, "what ran is finished, not cut off in the middle"
    assert on("h1", "ls /var/tmp").split().count("f-last") == 0, "what had not begun does not begin"
    assert checked(cli)
    assert children(cli) == []


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="ctrl-c"),
        pytest.param(signal.SIGTERM, id="sigterm", marks=pytest.mark.campaign),
        pytest.param(signal.SIGHUP, id="closed terminal", marks=pytest.mark.campaign),
    ],
)
def test_one_signal_finishes_what_runs_and_tells_owed_handlers(cli: Cli, on: On, number: signal.Signals) -> None:
    first = '{name: first, command: "true", notify: told}'
    text = play(first, SLOW, LAST) + '  handlers: [{name: told, command: "touch /var/tmp/f-told"}]\n'
    process = cli.start_run(text)
    eventually(in_slow_task(on))
    done = stopped(cli, process, number)
    last = assert_stopped(cli, done, within_s=25)
    assert last.reason
    assert ends(cli)["slow", "h1"] == "changed"
    assert ("last", "h1") not in ends(cli)
    owed = [event for event in cli.events() if isinstance(event, HandlerOwed)]
    assert [(each.handler, each.host) for each in owed] == [("told", "h1")]
    assert "told" in done.text
    assert_clean(on, "h1")


def test_two_signals_end_at_once_and_say_what_is_not_known(cli: Cli, on: On) -> None:
    process = cli.start_run(play(SLOW, LAST))
    eventually(in_slow_task(on))
    done = stopped(cli, process, signal.SIGINT, signal.SIGINT)
    assert_stopped(cli, done, within_s=20)
    assert ends(cli)["slow", "h1"] == "lost"
    assert "slow" in done.text
    assert "not known" in done.text
    assert_clean(on, "h1")


@pytest.mark.campaign
def test_a_signal_stops_a_long_loop_between_two_items(cli: Cli, on: On) -> None:
    line = "echo {{ item }} >> /var/tmp/f-loop; sleep 0.05"
    loop = f'{{name: loop, shell: "{line}", loop: "{{{{ range(1000) | list }}}}"}}'
    process = cli.start_run(play(loop, LAST))
    eventually(lambda: on("h1", "cat /var/tmp/f-loop 2>/dev/null | wc -l").strip() > "2")
    done = stopped(cli, process, signal.SIGINT)
    assert_stopped(cli, done, within_s=30)
    count = int(on("h1", "wc -l < /var/tmp/f-loop"))
    assert count < 600
    assert ("last", "h1") not in ends(cli)
    assert_clean(on, "h1")


@pytest.mark.parametrize(
    "task",
    [
        "{name: waits, pause: {seconds: 120}}",
        '{name: waits, command: "false", register: r, until: r.rc == 0, retries: 50, delay: 30}',
        pytest.param("{name: waits, wait_for_connection: {delay: 100}}", marks=pytest.mark.campaign),
    ],
    ids=["pause", "until", "wait_for_connection"],
)
def test_a_signal_ends_a_wait(cli: Cli, on: On, task: str) -> None:
    process = cli.start_run(play('{name: mark, command: "touch /var/tmp/f-slow"}', task, LAST))
    eventually(in_slow_task(on))
    time.sleep(0.5)
    done = stopped(cli, process, signal.SIGINT)
    assert_stopped(cli, done, within_s=20)
    assert ("last", "h1") not in ends(cli)
    assert_clean(on, "h1")


def test_a_signal_while_connecting_ends_the_run(cli: Cli, lab: Lab) -> None:
    lab.cut("h1")
    process = cli.start_run(play(LAST), "--timeout", "60")
    eventually(lambda: bool(cli.journals()))
    time.sleep(1)
    done = stopped(cli, process, signal.SIGINT, signal.SIGINT)
    assert_stopped(cli, done, within_s=20)


@pytest.mark.campaign
def test_a_broken_pipe_behind_the_output_does_not_stop_the_run_half_way(cli: Cli, on: On) -> None:
    process = cli.start_run(play(SLOW, LAST))
    assert process.stdout is not None
    process.stdout.close()
    eventually(in_slow_task(on))
    process.wait(30)
    finished = [event for event in cli.events() if isinstance(event, OperationFinished)]
    assert finished
    assert isinstance(cli.events()[-1], RunFinished)
    assert_clean(on, "h1")


def full(folder: Path, size: str) -> None:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)


def test_a_full_disk_under_the_journal_stops_the_run_cleanly(cli: Cli, on: On) -> None:
    state = cli.folder / "state"
    full(state, "96k")
    try:
        loud = '{name: loud, command: "seq 1 4000", loop: [1, 2, 3, 4, 5, 6, 7, 8]}'
        done = cli.run(play('{name: first, command: "touch /var/tmp/f-first"}', loud, LAST))
        assert done.code == 1, done.text
        assert "No space left" in done.err
        assert "PROVISIONER_STATE_DIR" in done.err
        assert "Traceback" not in done.text
        assert ends(cli)["first", "h1"] == "changed", "what was done before is in the record"
        assert "loud" in done.out, "what could not be recorded is still shown"
        assert checked(cli)
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)
    assert_clean(on, "h1")


def test_a_state_folder_that_cannot_be_written_is_told_before_any_host_is_touched(cli: Cli, on: On) -> None:
    state = cli.folder / "state"
    full(state, "64k")
    try:
        subprocess.run(["mount", "-o", "remount,ro", str(state)], check=True)
        done = cli.run(play(LAST))
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)
    assert done.code == 1, done.text
    assert "Read-only file system" in done.err
    assert "PROVISIONER_STATE_DIR" in done.err
    assert on("h1", "ls /var/tmp").split().count("f-last") == 0
