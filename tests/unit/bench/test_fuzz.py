"""A short part of the fuzzing, the same at every run; ``python -m bench.fuzz`` is the long one."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.fuzz import Extent, Watch, fuzz, mutated, place_of
from bench.fuzz_targets import TARGETS, Target

CASES = 120


@pytest.fixture(autouse=True)
def _without_timer() -> Iterator[None]:
    """The timer's signal does nothing here: tests have a time limit of their own."""
    before = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGPROF, before)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_mutated_input_ends_in_a_value_or_in_an_error_meant_for_users(target: str, tmp_path: Path) -> None:
    found: list[str] = []
    count = fuzz(target, tmp_path, Extent(1, cases=CASES), lambda n, _data, e: found.append(f"case {n}: {place_of(e)}"))
    assert count == CASES
    assert found == []


def test_a_case_is_made_again_from_its_number() -> None:
    seeds = [b"one: 1\n", b"- two\n"]
    assert mutated(random.Random("a 1 5"), seeds) == mutated(random.Random("a 1 5"), seeds)
    assert len({mutated(random.Random(f"a 1 {n}"), seeds) for n in range(50)}) > 30


class Deadly(Target):
    """Kills its process at the third input it is given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seeds, self.count = [b"x"], 0

    def read(self, data: bytes) -> None:
        self.count += 1
        if self.count == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        raise LookupError(data)


def test_a_case_that_kills_its_process_is_told_and_kept_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TARGETS, "deadly", Deadly)
    watch = Watch("deadly", Extent(1, first=10, cases=5), tmp_path / "kept")
    watch.run()
    assert watch.found == {"LookupError in outside": 4, "death by SIGKILL": 1}
    assert watch.cases == 5
    assert watch.cpu_s > 0
    assert sorted(each.name for each in (tmp_path / "kept").iterdir()) == [f"deadly-1-{n}" for n in (10, 12, 13)]


class Impatient(Target):
    """Is stopped by the clock at the third input it is given, whatever that is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seeds, self.count = [b"x"], 0

    def read(self, _data: bytes) -> None:
        self.count += 1
        if self.count == 3:
            os.kill(os.getpid(), signal.SIGXCPU)


def test_a_case_that_takes_no_time_when_it_is_made_again_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TARGETS, "impatient", Impatient)
    watch = Watch("impatient", Extent(1, cases=4), tmp_path / "kept")
    watch.run()
    assert watch.found == {}
    assert not (tmp_path / "kept").exists()
