"""What the scheduler is told: the only way in."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from provisioner.graph.graph import Graph
from provisioner.model.status import Status
from provisioner.records import dataclass


class Ends(Enum):
    """What an operation may end besides itself (``meta`` actions)."""

    HOST = "end_host"
    BATCH = "end_batch"
    PLAY = "end_play"
    ROLE = "end_role"


@dataclass(frozen=True, slots=True)
class Sent:
    """Everything an operation will ask of its host is on the way; what comes next may be sent behind it."""

    operation: str
    host: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What a host that was asked says of an operation with ``asks_first``, before anything else of it is told."""

    operation: str
    host: str
    runs_once: bool
    throttle: int


@dataclass(frozen=True, slots=True)
class Deferred:
    """An operation offered ahead of its turn cannot be sent yet; it waits for its turn."""

    operation: str
    host: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """An operation sent ahead was not run, as something before it on the host failed."""

    operation: str
    host: str


@dataclass(frozen=True, slots=True)
class Finished:
    """An operation reached its end on a host.

    ``notified`` are handler ids. ``groups`` are keys of what an include brings, in order; hosts with equal keys share
    the expansion. ``fatal`` says that a failure here ends every other host's way too. ``was_reached`` is False where
    the host was out of reach and that is ignored.
    """

    operation: str
    host: str
    status: Status
    notified: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    ends: Ends | None = None
    fatal: bool = False
    was_reached: bool = True


@dataclass(frozen=True, slots=True)
class Expanded:
    """The graphs that an Expand instruction asked for, in the order of its groups; None where it failed.

    ``fatal`` says that such a failure ends every other host's way too.
    """

    ticket: int
    graphs: tuple[Graph | None, ...]
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Start nothing more; what runs may finish."""


Stimulus: TypeAlias = Sent | Decided | Deferred | Dropped | Finished | Expanded | Stop
