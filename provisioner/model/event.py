"""What happens during a run, as frozen facts. Journal, console and every report are made from these alone.

Events are redacted once, on their way out of the executor, before anything stores or shows them. Times are seconds
since the epoch (controller clock); durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from provisioner.model.status import Status
from provisioner.records import dataclass

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first event. ``options`` are those that matter for repeating or resuming the run, without secrets."""

    run: str
    at: float
    version: str
    playbooks: tuple[str, ...]
    inventories: tuple[str, ...]
    user: str
    options: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlayStarted:
    """A batch of a play begins; ``batch`` counts from 0, ``operations`` is the number known so far.

    ``is_unmatched``: the play's pattern matches no host at all; without it, a play without hosts has lost them before.
    ``check``: nothing is changed.
    """

    play: str
    name: str
    hosts: tuple[str, ...]
    at: float
    batch: int = 0
    batches: int = 1
    strategy: str = "linear"
    operations: int = 0
    is_unmatched: bool = False
    check: bool = False


@dataclass(frozen=True, slots=True)
class OperationPlanned:
    """One operation of the graph becomes known: at the start of its play, or when an include was expanded."""

    operation: str
    play: str
    name: str
    action: str
    where: str
    role: str = ""
    is_handler: bool = False
    tags: tuple[str, ...] = ()
    check: bool = False
    diff: bool = False


@dataclass(frozen=True, slots=True)
class OperationStarted:
    """An operation begins on a host. ``title`` is the rendered name; ``ahead`` that it was sent before its turn."""

    operation: str
    host: str
    title: str
    at: float
    ahead: bool = False
    delegated_to: str = ""


@dataclass(frozen=True, slots=True)
class PluginStarted:
    """An action plugin of the project's begins on the controller, where only its end in the journal tells of it."""

    operation: str
    host: str
    plugin: str
    at: float


@dataclass(frozen=True, slots=True)
class ItemFinished:
    """One loop item is done; ``label`` is what to show for it."""

    operation: str
    host: str
    label: object
    status: Status
    result: Data
    at: float
    no_log: bool = False


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt did not satisfy ``until`` or ``retry``; the next one starts in ``wait_s``."""

    operation: str
    host: str
    attempt: int
    attempts: int
    wait_s: float
    at: float


@dataclass(frozen=True, slots=True)
class OutputReceived:
    """Output of something still running."""

    operation: str
    host: str
    stream: str
    text: str
    no_log: bool = False


@dataclass(frozen=True, slots=True)
class OperationFinished:
    """An operation reached its final state on a host. ``result`` is what ``register`` gets.

    ``effects`` says what else came of it, so that a replay can restore it: set facts, notified handlers, added hosts.
    ``recalled``: it was an earlier run, which this one resumes, that did it. ``told_by_items``: it is hidden only as
    items of its loop said so of their own results, and these have been shown as hidden.
    """

    operation: str
    host: str
    status: Status
    result: Data
    at: float
    seconds: float = 0.0
    delegated_to: str = ""
    effects: Data = field(default_factory=dict)
    no_log: bool = False
    recalled: bool = False
    told_by_items: bool = False


@dataclass(frozen=True, slots=True)
class HandlerOwed:
    """A notified handler that did not get its turn on a host (failure, lost contact, stop)."""

    handler: str
    host: str
    because: str
    at: float


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """One check of a ``verify`` list or suite; ``expected`` and ``actual`` are for people."""

    operation: str
    host: str
    check: str
    passed: bool
    expected: str
    actual: str
    where: str
    at: float
    seconds: float = 0.0
    no_log: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """A warning or remark for the user; ``host`` and ``operation`` may be empty.

    ``brief`` is the text without the place it is about, where the text names one.
    """

    severity: str
    text: str
    at: float
    host: str = ""
    operation: str = ""
    brief: str = ""


@dataclass(frozen=True, slots=True)
class HostStats:
    """A host's row of the recap."""

    ok: int = 0
    changed: int = 0
    unreachable: int = 0
    failed: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Prompted:
    """Somebody is asked for a variable (``vars_prompt``); what was answered is in no event."""

    variable: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered for a variable of a play; a private answer is only kept encrypted, for resuming."""

    play: str
    variable: str
    value: str
    at: float
    is_private: bool = True


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file of the controller was read to be sent to a host; ``checksum`` is the SHA-1 of its bytes."""

    path: str
    checksum: str
    at: float


@dataclass(frozen=True, slots=True)
class PlayFinished:
    """A batch of a play is over; ``is_halted``: more of its hosts failed than ``max_fail_percentage`` allows."""

    play: str
    batch: int
    at: float
    is_halted: bool = False


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event. ``figures`` are what ``set_stats`` kept: by host, those of the whole run under ``_run``."""

    run: str
    exit_code: int
    at: float
    seconds: float
    stats: Mapping[str, HostStats]
    reason: str = ""
    figures: Mapping[str, Data] = field(default_factory=dict)


Event: TypeAlias = (
    RunStarted
    | PlayStarted
    | OperationPlanned
    | OperationStarted
    | PluginStarted
    | ItemFinished
    | Retrying
    | OutputReceived
    | OperationFinished
    | HandlerOwed
    | CheckFinished
    | Noted
    | Prompted
    | Answered
    | FileRead
    | PlayFinished
    | RunFinished
)
