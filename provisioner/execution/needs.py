"""What an attempt may ask of the world: it yields one of these and is resumed with the answer.

An attempt is a generator, so the same code runs under the real executor and under a test that answers by hand. Only
the executor waits; an attempt never does.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from provisioner.execution.connecting import Route
from provisioner.model.call import Request
from provisioner.model.status import Status
from provisioner.model.target import Become, Target
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """Run a module on a target; answered with a Reply. ``last``: the attempt asks nothing more after it."""

    request: Request
    target: Target
    become: Become | None
    last: bool = True


@dataclass(frozen=True, slots=True)
class Together:
    """Several calls that do not depend on each other (loop items); answered with a list of Replies."""

    calls: tuple[Call, ...]
    last: bool = False


@dataclass(frozen=True, slots=True)
class RawCall:
    """Run a command line without Python on the target; answered with a Reply."""

    command: str
    target: Target
    become: Become | None
    executable: str = ""


@dataclass(frozen=True, slots=True)
class Local:
    """Do blocking work on the controller in a thread; answered with Done. Use ``locally``, which unpacks that.

    ``before`` is the way to a host that is asked something after it, and reached meanwhile.
    """

    work: Callable[[], Any]
    before: Route | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of local work: its value, or the error it raised."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait; answered with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pause(Sleep):
    """Wait as long as the person at the terminal lets it; answered with None, or with False where that one aborts."""


@dataclass(frozen=True, slots=True)
class Question:
    """Ask the person at the terminal; answered with what was typed, None where that one aborts instead."""

    prompt: str
    echo: bool = True


@dataclass(frozen=True, slots=True)
class ResetConnection:
    """Close the sessions to the host; the next call connects anew. ``user``: only what that user does there idly."""

    host: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class ItemDone:
    """Tell that a loop item is done; answered at once with None."""

    label: object
    status: Status
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Says:
    """Tell the person something about a pause; answered at once with None."""

    text: str


@dataclass(frozen=True, slots=True)
class PluginBegins:
    """Tell that an action plugin is about to do what no host keeps a record of; answered at once with None."""

    plugin: str


@dataclass(frozen=True, slots=True)
class CheckDone:
    """Tell that a check of ``verify`` is done; answered at once with None."""

    check: str
    passed: bool
    expected: str
    actual: str
    where: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Polled:
    """Tell that a job was looked at, or how it ended (``what`` is POLL, OK or FAILED); answered at once with None."""

    job: str
    what: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Again:
    """Tell that an attempt did not suffice and wait for the next; answered with None after ``wait_s``."""

    attempt: int
    attempts: int
    wait_s: float


Told: TypeAlias = CheckDone | ItemDone | PluginBegins | Polled | Says
"""What only tells something."""
Need: TypeAlias = Again | Told | Call | Together | RawCall | Local | Sleep | Question | ResetConnection
Result: TypeAlias = dict[str, Any]
Steps: TypeAlias = Generator[Need, Any, Result]
"""An action's body: yields needs, returns the result dictionary."""


def locally(work: Callable[[], Any], before: Route | None = None) -> Generator[Need, Any, Any]:
    """Do ``work`` in a thread and return its value; what it raises is raised here.

    ``before`` is the way to a host that something will be asked of after it.
    """
    done: Done = yield Local(work, before)
    if done.error is not None:
        raise done.error
    return done.value


def never_last(steps: Steps) -> Steps:
    """Pass needs on, saying of each call that more may follow."""
    try:
        need = next(steps)
        while True:
            need = steps.send((yield replace(need, last=False) if isinstance(need, Call) else need))
    except StopIteration as stop:
        return dict(stop.value)
