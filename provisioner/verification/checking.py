"""A check from its words to a verdict: which question to ask, who is asked, and what the answer means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from provisioner import catalog
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position
from provisioner.records import dataclass
from provisioner.remote.params import BadParameters
from provisioner.verification.assertions import Assertion, CheckParams, Seen

SUITE = "testinfra"
"""The kind of check that is a file of tests rather than a question."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A check with its parameters rendered. ``question`` is empty for a suite."""

    kind: str
    title: str
    position: Position
    params: CheckParams
    question: Mapping[str, object]
    is_asked_here: bool = False

    @property
    def where(self) -> str:
        """The check's file and line."""
        return f"{self.position.source.name}:{self.position.line}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one check or one test."""

    title: str
    where: str
    assertions: tuple[Assertion, ...]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return all(assertion.passed for assertion in self.assertions)

    @property
    def expected(self) -> str:
        """What was expected: of a failed check only what does not hold."""
        return "; ".join(f"{a.what} {a.expected}".lstrip() for a in self._told())

    @property
    def actual(self) -> str:
        """What was found."""
        return "; ".join(f"{a.what} {a.actual}".lstrip() for a in self._told())

    def _told(self) -> Sequence[Assertion]:
        return self.assertions if self.passed else [a for a in self.assertions if not a.passed]

    def result(self) -> dict[str, Any]:
        """Return the verdict as a result shows it."""
        shown = [
            {"what": a.what, "expected": a.expected, "actual": a.actual, "passed": a.passed} for a in self.assertions
        ]
        return {"check": self.title, "passed": self.passed, "where": self.where, "assertions": shown}


def planned(kind: str, args: Mapping[str, Any], position: Position) -> Planned:
    """Return the check that rendered words ask for; InputError where they make no sense."""
    if kind not in catalog.names("check"):
        raise InputError.at(position, f"unknown check '{kind}'")
    module = catalog.load("check", kind)
    try:
        params: CheckParams = module.Params.parse(args)
        question = module.question(params) if kind != SUITE else {}
    except BadParameters as error:
        raise InputError.at(position, f"check {kind}: {error}") from None
    except ValueError as error:
        raise InputError.at(position, f"check {kind}: {error}") from None
    is_asked_here = hasattr(module, "is_asked_here") and module.is_asked_here(params)
    return Planned(kind, _title(kind, module, params), position, params, question, is_asked_here)


def _title(kind: str, module: ModuleType, params: CheckParams) -> str:
    main = module.Params.free_form
    if main != "name" and params.name:
        return str(params.name)
    value = getattr(params, main)
    if value is None:
        value = getattr(params, "argv", "")
    return f"{kind} {' '.join(map(str, value)) if isinstance(value, list) else value}"


def judged(check: Planned, seen: Seen, seconds: float = 0.0) -> Verdict:
    """Return the verdict on what was seen."""
    assertions = catalog.load("check", check.kind).assertions(check.params, seen)
    return Verdict(check.title, check.where, tuple(assertions), seconds)


def message(verdicts: Sequence[Verdict]) -> str:
    """Return what does not hold: each failed check with its place and every expectation it broke."""
    failed = [v for v in verdicts if not v.passed]
    lines = [f"{len(failed)} of {len(verdicts)} checks {'does' if len(failed) == 1 else 'do'} not hold"]
    for verdict in failed:
        lines.append(f"{verdict.where}: {verdict.title}")
        for assertion in verdict.assertions:
            if not assertion.passed:
                first, *rest = assertion.told().splitlines()
                lines += [f"    {first}", *(f"      {line}" for line in rest)]
    return "\n".join(lines)
