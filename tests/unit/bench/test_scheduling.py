"""The scheduler's measurement drives every instance to its end, whatever the strategy."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from provisioner.graph.compile import STRATEGIES

PATH = Path(__file__).resolve().parents[3] / "bench/speed/scheduling.py"
_spec = importlib.util.spec_from_file_location("bench_scheduling", PATH)
assert _spec
assert _spec.loader
bench = importlib.util.module_from_spec(_spec)
sys.modules["bench_scheduling"] = bench
_spec.loader.exec_module(bench)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_instance_is_carried_out_and_counted(strategy: str) -> None:
    found = bench.measure(7, 5, strategy)
    assert found.instances == 35
    assert found.nodes == (9 if strategy == "linear" else 5), "linear has one barrier between two tasks"


def test_the_figures_of_one_strategy_are_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--hosts", "3", "--tasks", "2", "--strategy", "free"]) == 0
    words = capsys.readouterr().out.split()
    assert words[0] == "free"
    assert words[-1] == "MiB"
