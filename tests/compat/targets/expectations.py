"""What each target is expected to do: pass, differ for a documented reason, or be out of reach on such a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("expected.txt")
PASS, DIFFERS, ELSEWHERE = "pass", "differs", "elsewhere"


@dataclass(frozen=True)
class Expectation:
    """One line of the list: ``quick`` ones are run by ``make test``."""

    target: str
    state: str
    is_quick: bool
    reason: str


def expectations() -> Mapping[str, Expectation]:
    """Return the list by target.

    Raises:
        ValueError: a line is not of the form ``STATE NAME``, with a reason where the state is not ``pass``.
    """
    found = {}
    for number, line in enumerate(LIST.read_text("utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        head, _, reason = text.partition(":")
        state, name, *more = head.split()
        if state not in {PASS, DIFFERS, ELSEWHERE} or more not in ([], ["quick"]) or (state != PASS and not reason):
            raise ValueError(f"{LIST.name}:{number}: not a line of the list: {line}")
        found[name] = Expectation(name, state, bool(more), reason.strip())
    return found


def surprises(passed: Mapping[str, bool], known: Mapping[str, Expectation]) -> Iterable[str]:
    """Yield what is not as the list says, in words."""
    for name, is_passed in passed.items():
        expected = known.get(name)
        if expected is None:
            yield f"{name} is not in {LIST.name}; it {'passed' if is_passed else 'failed'}"
        elif is_passed and expected.state == DIFFERS:
            yield f"{name} passes now: say so in {LIST.name}"
        elif not is_passed and expected.state == PASS:
            yield f"{name} is expected to pass and failed"
