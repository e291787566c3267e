"""Keywords that plays, roles, blocks and tasks share, and how an inner one inherits from an outer one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from provisioner.records import dataclass

Values = Mapping[str, object]


class _Unset:
    """The value of a keyword nobody wrote; None is a value (``become: null``)."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Retry:
    """The ``retry`` keyword: attempts in all, first wait, longest wait, jitter, and which outcomes are retried."""

    attempts: int = 3
    wait_s: float = 1.0
    max_wait_s: float = 60.0
    jitter_s: float = 0.0
    on: frozenset[str] = frozenset({"failed", "lost", "unreachable"})


@dataclass(frozen=True, slots=True)
class Keywords:
    """What may stand on a play, role, block or task and is inherited inwards.

    Values are as written: a string may be a template, rendered when the task runs on a host. ``UNSET`` means nobody
    wrote it. The tuple fields gather along the way from the outside in (``when`` conditions are all required, ``tags``
    add up, inner ``vars`` and ``environment`` win over outer ones); for all others the innermost one wins.
    """

    become: Any = UNSET
    become_user: Any = UNSET
    become_method: Any = UNSET
    become_flags: Any = UNSET
    become_exe: Any = UNSET
    connection: Any = UNSET
    port: Any = UNSET
    remote_user: Any = UNSET
    timeout: Any = UNSET
    check_mode: Any = UNSET
    diff: Any = UNSET
    no_log: Any = UNSET
    ignore_errors: Any = UNSET
    ignore_unreachable: Any = UNSET
    any_errors_fatal: Any = UNSET
    run_once: Any = UNSET
    throttle: Any = UNSET
    debugger: Any = UNSET
    delegate_to: Any = UNSET
    delegate_facts: Any = UNSET
    retry: Any = UNSET
    when: tuple[object, ...] = ()
    tags: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    vars: tuple[Values, ...] = ()
    environment: tuple[object, ...] = ()
    module_defaults: tuple[Values, ...] = ()

    def inherit(self, outer: Keywords) -> Keywords:
        """Return these keywords as they count inside something that has the ``outer`` ones."""
        changes: dict[str, object] = {}
        for name in _FIELDS:
            mine, theirs = getattr(self, name), getattr(outer, name)
            if name in _GATHERED:
                if theirs:
                    changes[name] = theirs + mine
            elif mine is UNSET and theirs is not UNSET:
                changes[name] = theirs
        return replace(self, **changes) if changes else self  # type: ignore[arg-type]


_FIELDS = tuple(f.name for f in fields(Keywords))
_GATHERED = frozenset({"when", "tags", "lock", "notify", "collections", "vars", "environment", "module_defaults"})
EMPTY = Keywords()
