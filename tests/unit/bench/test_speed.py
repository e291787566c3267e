"""What is measured beside our peers: the work is sound, no CPU time gets lost, ratios are the right way up."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.__main__ import main as bench
from bench.speed import measuring, relay, targets, trips, turns
from bench.speed.hosts import Address, Reached
from bench.speed.peers import newest_python
from bench.speed.results import Results
from bench.speed.workloads.catalogue import OTHERS, WORKLOADS
from bench.speed.workloads.commands import long_playbook
from bench.speed.workloads.workload import ROOT, Workload
from provisioner.cli.main import main

SMALL = [each for each in WORKLOADS if each.name not in ("W4file", "W4tree", "W1k")]


def test_what_a_command_leaves_running_is_ended_and_counted(tmp_path: Path) -> None:
    busy = "(echo $PPID > pid; i=0; while :; do i=$((i+1)); done) & sleep 0.3; echo done"
    sample = measuring.measured(["sh", "-c", busy], os.environ, tmp_path / "output", 20)
    assert sample.code == 0
    assert sample.cpu_s > 0.02
    assert 0.3 <= sample.wall_s < 10
    assert (tmp_path / "output").read_text(encoding="utf-8") == "done\n"


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    sample = measuring.measured(["sleep", "60"], os.environ, tmp_path / "output", 0.1)
    assert sample.code == measuring.TIMED_OUT
    assert sample.wall_s < 10


def test_memory_is_that_of_all_processes_together(tmp_path: Path) -> None:
    child = f"{sys.executable} -c 'b = bytearray(60 << 20); import time; time.sleep(1)'"
    sample = measuring.measured(["sh", "-c", f"{child} & {child} & wait"], os.environ, tmp_path / "output", 20)
    assert 120 < sample.peak_mib < 300


@pytest.mark.parametrize("workload", SMALL, ids=lambda each: each.name)
def test_every_playbook_that_is_measured_is_sound(
    workload: Workload, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workload.write(tmp_path)
    assert main(["run", "--syntax-check", "-i", "h1,", str(tmp_path / "play.yml")]) == 0
    assert capsys.readouterr().err == ""
    compile((tmp_path / "deploy.py").read_text(encoding="utf-8"), "deploy.py", "exec")
    subprocess.run(["sh", "-n", str(tmp_path / "floor.sh")], check=True)


def test_the_long_playbook_is_sound(tmp_path: Path) -> None:
    assert main(["run", "--syntax-check", "-i", "h1,", str(long_playbook(tmp_path, 20))]) == 0


@pytest.mark.parametrize("name", ["W1", "W3"])
def test_the_script_that_does_the_work_by_hand_finds_nothing_to_do_the_second_time(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    next(each for each in WORKLOADS if each.name == name).write(tmp_path)
    script = (tmp_path / "floor.sh").read_text(encoding="utf-8").replace(ROOT, str(root))

    def stamps() -> dict[Path, int]:
        subprocess.run(["sh", "-c", script, "sh", "h1"], check=True, timeout=60)
        return {path: path.stat().st_ctime_ns for path in root.rglob("*")}

    first = stamps()
    assert len(first) >= 80
    assert stamps() == first


def test_whoever_leaves_another_outcome_is_named() -> None:
    with pytest.raises(SystemExit, match="second run: floor and ansible leave different hosts:\na\nb"):
        turns.same_outcome(WORKLOADS[0], {"floor": ["a", "b"], "ansible": ["a", "a"], "slow": []})
    turns.same_outcome(WORKLOADS[0], {"floor": ["a", "b"], "provisioner": ["a", "b"], "slow": []})


def results(ours: float, floor: float) -> Results:
    found = Results({})
    for who, wall in (("provisioner", ours), ("floor", floor)):
        turns.keep(found.of("W1", "100 small tasks", "first", who), measuring.Sample(wall, wall / 2, 50.0, 0))
    return found


@pytest.mark.parametrize(("ours", "verdict"), [(1.9, "met"), (2.1, "**short**")])
def test_a_target_is_met_where_we_take_no_longer_than_it_says(ours: float, verdict: str) -> None:
    rows = list(targets.rows(results(ours, 1.0)))
    assert rows == [f"| W1 first: ours / floor (CPU {ours:.3g}) | 2 | {ours:.3g} | {verdict} |"]


def test_the_table_shows_ratios_of_ours_to_each_other(tmp_path: Path) -> None:
    text = results(0.5, 2.0).markdown([])
    assert "| 100 small tasks | first | floor | 2.000 | 1.000 |  | 50 |  | 0.250 | 0.250 | 1 |" in text


def test_the_list_names_every_workload(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(["--list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [each.name for each in WORKLOADS] + list(OTHERS))


def test_an_unknown_workload_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench(["W99"])
    assert "no such workload: W99" in capsys.readouterr().err


def test_inventories_say_how_hosts_are_reached() -> None:
    reached = Reached([Address("h1", "127.0.0.1", 2201)], Path("/key"), Path("/known"))
    assert '"ansible_port": 2201' in reached.inventory()
    assert "'ssh_port': 2201" in reached.pyinfra_inventory()
    assert reached.ssh(reached.addresses[0])[-3:] == ["-p", "2201", "root@127.0.0.1"]


def test_the_relay_holds_back_each_way_and_says_when_a_side_ends() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, relay.relay("127.0.0.1", 50, server.getsockname()[1]) as port:
        near = socket.create_connection(("127.0.0.1", port), timeout=10)
        far, _ = server.accept()
        began = time.monotonic()
        near.sendall(b"question")
        assert far.recv(100) == b"question"
        assert 0.05 <= time.monotonic() - began < 5
        far.sendall(b"answer")
        far.close()
        assert near.recv(100) == b"answer"
        assert near.recv(100) == b""
        assert time.monotonic() - began >= 0.1
        near.close()


def packet(source: int, destination: int) -> bytes:
    addresses = b"\x0a\0\0\x01\x0a\0\0\x02" if destination == 22 else b"\x0a\0\0\x02\x0a\0\0\x01"
    ports = source.to_bytes(2, "big") + destination.to_bytes(2, "big")
    return b"\0" * 14 + b"\x45" + b"\0" * 11 + addresses + ports + b"\0" * 40


def test_a_round_trip_is_an_answer_to_something_said() -> None:
    listener = trips.Listener.__new__(trips.Listener)
    listener._asked, listener.count = set(), 0
    for said in ((5000, 22), (5000, 22), (22, 5000), (22, 5000), (22, 6000), (5000, 22), (22, 5000)):
        listener._take(packet(*said))
    assert listener.reset() == 2
    assert listener.count == 0


def test_the_newest_python_is_one_that_starts() -> None:
    subprocess.run([newest_python(), "-c", "pass"], check=True, timeout=30)
