"""A server's replacement as written: who is old and new, which data move how, what switches, and what has to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from provisioner.diagnostics.position import Position
from provisioner.model.window import Window
from provisioner.records import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """When a data set counts as in step: a pass takes no longer, lags no more, and that so many times in a row."""

    delta_s: float = 5.0
    lag_s: float = 1.0
    cycles: int = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A data set with its mover, or a switch with its switcher: ``kind`` names it, ``args`` are its parameters."""

    name: str
    kind: str
    args: Mapping[str, object]
    position: Position
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Section:
    """Tasks, roles or checks as written, and the host roles they are for; several roles do them at the same time."""

    on: tuple[str, ...]
    body: Mapping[str, object]
    position: Position


@dataclass(frozen=True, slots=True)
class LoneStep:
    """What the hosts of some roles do alone where nobody else is left: a module and its parameters."""

    on: tuple[str, ...]
    module: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Abort:
    """Numbers beyond which a move goes back: failed probes of all, seconds for an answer, seconds of lag."""

    error_rate: float | None = None
    latency_s: float | None = None
    lag_s: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked again and again while requests are switched: an address, how often, and the status it must give."""

    url: str
    every_s: float = 0.2
    timeout_s: float = 5.0
    status: int = 200


@dataclass(frozen=True, slots=True)
class Approvals:
    """How many people have to agree before the switch; ``by`` names who may, nobody in particular where it is empty."""

    count: int = 0
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Where the whole is tried (host roles to patterns; without them, on ``new`` alone), and how long that counts."""

    hosts: Mapping[str, object] = field(default_factory=dict)
    valid_s: float = 14 * DAY_S


@dataclass(frozen=True, slots=True)
class Comparing:
    """That old and new are compared before the switch, and which files explain differences, signed by whom."""

    waivers: tuple[str, ...] = ()
    signers: str = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """After the switch: whether a person has to agree, and within which time before all goes back by itself."""

    is_manual: bool = False
    within_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Migration:
    """One definition. ``hosts`` maps host roles to patterns; ``sections`` holds what is written under ``build``,
    ``freeze``, ``verify.before``, ``seed.before`` and so on; ``guard_s`` is when hosts go back alone without us.
    """

    name: str
    position: Position
    basedir: str
    path: str
    hosts: Mapping[str, object]
    data: tuple[Part, ...] = ()
    switches: tuple[Part, ...] = ()
    sections: Mapping[str, tuple[Section, ...]] = field(default_factory=dict)
    undoing: tuple[LoneStep, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)
    vars: Mapping[str, object] = field(default_factory=dict)
    owner: str = ""
    description: str = ""
    window: Window | None = None
    abort: Abort = Abort()
    probe: Probe | None = None
    approvals: Approvals = Approvals()
    rehearsal: Rehearsal = Rehearsal()
    confirmation: Confirmation = Confirmation()
    compare: Comparing | None = None
    guard_s: float = 30.0
    observe_s: float = 7 * DAY_S
    retention_s: float = 90 * DAY_S
    notify: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    """Files of findings that were accepted, as absolute paths."""
    fence: Mapping[str, object] | None = None
    old_python: bool = True
    """Whether the old server has Python; where not, everything on it is done by scripts for its shell."""
