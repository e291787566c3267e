"""Run the checks of a ``verify`` list: questions all at once, suites of tests one after the other."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import CheckDone, Need, Result, Sleep, Steps, locally
from provisioner.execution.reaching import really
from provisioner.execution.task_run import ActionCall
from provisioner.model.task import Check
from provisioner.remote.change import Traits
from provisioner.remote.observing import observe
from provisioner.remote.params import Parameters, required
from provisioner.remote.system import System
from provisioner.templating.errors import UndefinedVariable
from provisioner.templating.omit import strip_omit
from provisioner.verification.assertions import Assertion, Seen
from provisioner.verification.checking import SUITE, Planned, Verdict, judged, message, planned
from provisioner.verification.suite import Suite, SuiteFailed, verdict_of

TRAITS = Traits(reach="others", settles=False)
NO_TESTS, ALL_RAN = 5, (0, 1)


class Params(Parameters):
    """Written as the keyword ``verify`` of a task, block, role or play."""

    checks: list[object] = required("raw", "The checks.")


def run(call: ActionCall) -> Steps:
    """Return a failed result that names everything that does not hold; in check mode that is only a warning."""
    wanted = list(_wanted(call))
    verdicts: list[Verdict] = yield from _questions(call, [c for c in wanted if c.kind != SUITE])
    yield from _tell(call, verdicts)
    for check in wanted:
        if check.kind == SUITE:
            found: list[Verdict] = yield from _suite_until_it_holds(call, check)
            yield from _tell(call, found)
            verdicts += found
    return _result(verdicts, check=call.check)


def _wanted(call: ActionCall) -> Generator[Planned, None, None]:
    for check in call.args["checks"]:
        if not isinstance(check, Check):
            raise InputError.at(call.run.operation.position, "'verify' is a keyword, not a module")
        args = dict(check.args)
        condition = args.pop("when", None)
        if condition is None or call.renderer.condition((condition,), call.scope):
            yield planned(check.kind, _rendered(call, args), check.position)


def _rendered(call: ActionCall, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a check's parameters; one that cannot be had is the check's failure, also where only checks run."""
    try:
        rendered = strip_omit(call.renderer.render(args, call.scope))
    except UndefinedVariable as error:
        raise InputError(error.diagnostics) from None
    return rendered if isinstance(rendered, dict) else {}


def _result(verdicts: Sequence[Verdict], *, check: bool) -> Result:
    shown: Result = {"changed": False, "checks": [verdict.result() for verdict in verdicts]}
    if all(verdict.passed for verdict in verdicts):
        return {**shown, "msg": f"{len(verdicts)} checks hold" if len(verdicts) != 1 else "1 check holds"}
    if check:
        return {**shown, "msg": message(verdicts), "warnings": [message(verdicts)]}
    return {**shown, "failed": True, "msg": message(verdicts)}


def _tell(call: ActionCall, verdicts: Sequence[Verdict]) -> Generator[Need, Any, None]:
    """Tell of checks that are done; in check mode what does not hold yet is no finding, only a warning."""
    for each in verdicts:
        if each.passed or not call.check:
            yield CheckDone(each.title, each.passed, each.expected, each.actual, each.where, each.seconds)


# ---------------------------------------------------------------------- questions


def _questions(call: ActionCall, checks: Sequence[Planned]) -> Generator[Need, Any, list[Verdict]]:
    """Ask everything in one call, then again what does not hold yet and may take a moment."""
    verdicts: dict[int, Verdict] = {}
    waiting = list(range(len(checks)))
    tries = 0
    while waiting:
        started = time.monotonic()
        seen = yield from _seen(call, [checks[n] for n in waiting])
        seconds = time.monotonic() - started
        for number, found in zip(waiting, seen, strict=True):
            verdicts[number] = judged(checks[number], found, seconds)
        tries += 1
        waiting = [
            n for n in waiting if not verdicts[n].passed and not call.check and checks[n].params.retries >= tries
        ]
        if waiting:
            yield Sleep(min(checks[n].params.delay for n in waiting))
    return [verdicts[number] for number in range(len(checks))]


def _seen(call: ActionCall, checks: Sequence[Planned]) -> Generator[Need, Any, list[Seen]]:
    there = [check.question for check in checks if not check.is_asked_here]
    answers: list[Seen] = []
    if there:
        result = result_of((yield really(call.remote("check", {"observe": there}, last=False))))
        answers = result.get("seen") or [{"error": str(result.get("msg"))}] * len(there)
    here = [check.question for check in checks if check.is_asked_here]
    own: list[Seen] = (yield from locally(lambda: [observe(words, System()) for words in here])) if here else []
    remote, local = iter(answers), iter(own)
    return [next(local) if check.is_asked_here else next(remote) for check in checks]


# ---------------------------------------------------------------------- suites


def _suite_until_it_holds(call: ActionCall, check: Planned) -> Generator[Need, Any, list[Verdict]]:
    retries = 0 if call.check else check.params.retries
    while True:
        verdicts: list[Verdict] = yield from _suite(call, check)
        if retries <= 0 or all(verdict.passed for verdict in verdicts):
            return verdicts
        retries -= 1
        yield Sleep(check.params.delay)


def _suite(call: ActionCall, check: Planned) -> Generator[Need, Any, list[Verdict]]:
    """Run a suite once: its process asks for commands and variables and tells of tests until it ends."""
    suite: Suite = yield from locally(lambda: _started(call, check))
    verdicts: list[Verdict] = []
    try:
        while True:
            frame: Mapping[str, Any] = yield from locally(suite.next)
            if "end" in frame:
                break
            if "run" in frame:
                suite.answer((yield from _ran(call, str(frame["run"]))))
            elif "variable" in frame:
                suite.answer(_variable(call, str(frame["variable"])))
            else:
                verdicts.append(verdict_of(frame))
    except SuiteFailed as error:
        return [*verdicts, _broken(check, str(error))]
    else:
        verdicts += yield from _at_end(check, suite, int(frame["end"]), verdicts)
        return verdicts
    finally:
        suite.close()


def _started(call: ActionCall, check: Planned) -> Suite:
    params: Any = check.params
    files = [Path(call.find_file(name, "")) for name in params.files]
    environment = {name: str(value) for name, value in params.env.items()}
    return Suite(call.host, files, environment, params.timeout, call.run.play.run.scratch)


def _ran(call: ActionCall, line: str) -> Generator[Need, Any, Mapping[str, Any]]:
    wanted = call.remote("shell", {"_raw_params": line, "strip_empty_ends": False}, last=False)
    result = result_of((yield really(wanted)))
    if result.get("rc") is None:
        return {"error": str(result.get("msg"))}
    return {"rc": result["rc"], "stdout": result.get("stdout", ""), "stderr": result.get("stderr", "")}


def _variable(call: ActionCall, name: str) -> Mapping[str, Any]:
    """Return a variable's value for a test; the empty name stands for the list of all names."""
    if not name:
        return {"value": sorted(call.scope.known_names())}
    try:
        return {"value": call.renderer.variable(name, call.scope)}
    except KeyError:
        return {"error": "there is no variable of that name"}
    except InputError as error:
        return {"error": str(error)}


def _at_end(
    check: Planned, suite: Suite, code: int, verdicts: Sequence[Verdict]
) -> Generator[Need, Any, list[Verdict]]:
    """Return the verdict on an end that no test tells of."""
    if code == NO_TESTS:
        return [_broken(check, "there are no tests in it")]
    if code not in ALL_RAN and all(verdict.passed for verdict in verdicts):
        said: str = yield from locally(suite.said)
        return [_broken(check, f"pytest ended with code {code}: {said}")]
    return []


def _broken(check: Planned, why: str) -> Verdict:
    return Verdict(check.title, check.where, (Assertion("tests", "all to run", why, passed=False),))
