"""What is measured beside ansible: the work is sound on its own, and no CPU time gets lost."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from provisioner.cli.main import main

BENCH = Path(__file__).resolve().parents[3] / "bench"


def program(name: str) -> ModuleType:
    """Return a file of the bench folder as a module; it is a program beside the package, not part of it."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


measuring = program("measuring")
workloads = program("workloads")


def test_what_a_command_leaves_running_is_ended_and_counted(tmp_path: Path) -> None:
    busy = "(echo $PPID > pid; i=0; while :; do i=$((i+1)); done) & sleep 0.3; echo done"
    sample = measuring.measured(["sh", "-c", busy], os.environ, tmp_path / "output", 20)
    assert sample.code == 0
    assert sample.cpu_s > 0.05
    assert 0.3 <= sample.wall_s < 10
    assert (tmp_path / "output").read_text(encoding="utf-8") == "done\n"


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    sample = measuring.measured(["sleep", "60"], os.environ, tmp_path / "output", 0.1)
    assert sample.code == measuring.TIMED_OUT
    assert sample.wall_s < 10


def test_every_playbook_that_is_measured_is_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    playbooks = [work.playbook for work in workloads.written(tmp_path / "work")]
    playbooks.append(workloads.long_playbook(tmp_path, tasks=20))
    hosts = ",".join(f"h{number}" for number in range(1, workloads.COMMANDS_HOSTS + 1))
    assert main(["run", "--syntax-check", "-i", hosts, "-e", "root=/srv/x", *map(str, playbooks)]) == 0
    assert capsys.readouterr().err == ""


def test_the_script_that_does_the_work_by_hand_finds_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    work = workloads.written(tmp_path / "work")[0]
    script = work.script(str(root))

    def run() -> dict[str, tuple[int, int, bytes]]:
        subprocess.run(["sh"], input=script.encode(), check=True, timeout=60)
        files = {path: path.stat() for path in root.rglob("*")}
        return {
            str(path.relative_to(root)): (stat.st_mode, stat.st_mtime_ns, b"" if path.is_dir() else path.read_bytes())
            for path, stat in files.items()
        }

    first = run()
    assert len([name for name in first if name.endswith("template.conf")]) == 25
    assert first["d3/template.conf"][2] == b"# 3 on h1\nListen 8083\nname = A\nname = B\nname = C\n"
    assert run() == first
