"""A play and a playbook as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from provisioner.diagnostics.position import Position
from provisioner.model.keywords import EMPTY, UNSET, Keywords
from provisioner.model.migration import Migration
from provisioner.model.task import UNORDERED, Block, Check, Graphing, Node, RoleUse, Task
from provisioner.model.window import Window
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """One entry of ``vars_prompt``."""

    name: str
    prompt: str = ""
    default: object = None
    private: bool = True
    confirm: bool = False
    encrypt: str | None = None
    salt: str | None = None
    salt_size: int | None = None
    unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """One play. ``hosts`` is a pattern or list of patterns, possibly with templates over extra variables.

    ``roles``, ``tasks`` and the rest hold trees; ``handlers`` are the play's own (a role's are in the role).
    ``vars_files`` entries are a path or a list of candidates of which the first found counts. ``serial`` entries are
    numbers or percentages. ``basedir`` is the playbook's folder. A play that takes longer than ``max_time_s`` (0: no
    limit) stops the run.
    """

    name: str
    hosts: object
    position: Position
    basedir: str
    pre_tasks: tuple[Node, ...] = ()
    roles: tuple[RoleUse, ...] = ()
    tasks: tuple[Node, ...] = ()
    post_tasks: tuple[Node, ...] = ()
    handlers: tuple[Task | Block, ...] = ()
    keywords: Keywords = EMPTY
    vars: Mapping[str, object] = field(default_factory=dict)
    vars_files: tuple[object, ...] = ()
    vars_prompt: tuple[Prompt, ...] = ()
    gather_facts: object = UNSET
    gather_subset: object = UNSET
    gather_timeout: object = UNSET
    fact_path: object = UNSET
    serial: tuple[object, ...] = ()
    strategy: str = "linear"
    order: str | None = None
    max_fail_percentage: object = None
    force_handlers: object = UNSET
    max_time_s: float = 0.0
    graphing: Graphing = UNORDERED
    verify: tuple[Check, ...] = ()
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Playbook:
    """The plays and migrations of one or several playbook files, imports resolved."""

    plays: tuple[Play, ...]
    paths: tuple[str, ...]
    migrations: tuple[Migration, ...] = ()
