"""A short part of the fuzzing, the same at every run; ``python -m bench.fuzz`` is the long one."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.fuzz import TARGETS, Extent, fuzz, mutated, place_of

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
