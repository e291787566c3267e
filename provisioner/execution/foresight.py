"""Says of each operation in check mode how sure its outcome is, so that a plan promises no more than is known.

What an operation sets (``register``, ``set_fact``) is as unsure as the operation itself, and so is what reads it. As
with the data edges of the graph, a name that stands in the text counts as read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisioner import catalog
from provisioner.execution.footprints import Footprint, footprint, overlap
from provisioner.execution.outcome import Outcome
from provisioner.graph.operation import Operation
from provisioner.graph.passes.data import names_in, names_written
from provisioner.model.keywords import UNSET
from provisioner.model.plan import PREDICTED, PROVEN, UNKNOWN
from provisioner.model.status import Status
from provisioner.variables.scope import Level, NotYet, Scope

OPEN = frozenset({"raw", "script", "reboot", "expect"})
"""Actions of which only running them tells what they do."""
SAID_OPEN = ("unknown until run", "does not support check mode")
PARTLY = frozenset({"synchronize", "wait_for_connection"})
HERE = frozenset({"debug", "set_fact", "assert", "fail", "meta", "include_vars", "set_stats", "add_host", "group_by"})
"""Actions that change no host: they are as sure as what they read."""
CHECK_MODE = "ansible_check_mode"
LOCAL_FACTS = "ansible_local"
"""Facts that a host's own scripts say, which the tasks before may just have put there."""
WORD = re.compile(r"[A-Za-z_]\w*")
EVERYWHERE = ""
"""In place of a host: a delegated task changes another one, and which is not looked at."""


class Foresight:
    """Belongs to one run in check mode."""

    def __init__(self) -> None:
        self._unsure: dict[tuple[str, str], tuple[str, str]] = {}
        self._changing: dict[str, str] = {}
        self._made: dict[tuple[str, bool, str], Mapping[str, object]] = {}
        self._prints: dict[str, list[tuple[str, Footprint | None]]] = {}
        self._notified: dict[tuple[str, str], str] = {}
        """By handler and host, the operation of which nobody knows whether it notifies it; nothing where one does."""

    def judge(self, operation: Operation, host: str, outcome: Outcome, scope: Scope) -> tuple[Outcome, str, str]:
        """Return the outcome as the plan goes on with it, its label and the reason for that."""
        if self._is_foreseen(operation, host, outcome):
            outcome = replace(outcome, status=Status.OK, result={**outcome.result, "changed": False})
            return outcome, PREDICTED, "an operation before it does the same"
        label, why = self._label(operation, host, outcome, scope)
        title = operation.title
        # what is ignored here may be so only because nothing is carried out (ignore_errors: "{{ ansible_check_mode }}")
        if outcome.status in {Status.FAILED, Status.IGNORED} and host in self._changing:
            label, why = UNKNOWN, f"fails now, perhaps not after '{self._changing[host]}': {_said(outcome)}"
            outcome = replace(outcome, status=Status.IGNORED)
        if label != PROVEN:
            for name in names_written(operation):
                self._unsure[host, name] = label, title
            if outcome.effects.facts:
                self._unsure.update(((host, name), (PREDICTED, title)) for name in _facts(outcome))
                self._unsure[host, LOCAL_FACTS] = UNKNOWN, title
        is_change = outcome.status is Status.CHANGED or outcome.effects.acts
        if is_change or (label == UNKNOWN and not _changes_nothing(operation)):
            self._changing.setdefault(host, title)
            where = host if operation.keywords.delegate_to is UNSET else EVERYWHERE
            self._prints.setdefault(where, []).append((title, footprint(operation, outcome)))
        return outcome, label, why

    def notify(self, operation: Operation, host: str, handlers: Sequence[str], *, is_sure: bool) -> None:
        """Note the handlers (their ids) that an operation notifies, or may notify."""
        for handler in handlers:
            if is_sure:
                self._notified[handler, host] = ""
            else:
                self._notified.setdefault((handler, host), operation.title)

    def _is_foreseen(self, operation: Operation, host: str, outcome: Outcome) -> bool:
        """Tell whether a file is to be made what an operation before it makes of it already."""
        if operation.task is None or operation.task.action != "file" or outcome.status is not Status.CHANGED:
            return False
        diff = outcome.result.get("diff")
        wanted = diff.get("after") if isinstance(diff, Mapping) else None
        if not isinstance(wanted, Mapping):
            return False
        place = host, operation.keywords.delegate_to is UNSET, str(wanted.get("path"))
        if place in self._made:
            return self._made[place] == wanted
        self._made[place] = wanted
        return False

    def _label(self, operation: Operation, host: str, outcome: Outcome, scope: Scope) -> tuple[str, str]:
        action = operation.task.action if operation.task else ""
        said = str(outcome.result.get("msg", ""))
        if any(words in said for words in SAID_OPEN) or _is_open(action, operation, outcome):
            return UNKNOWN, f"only running it tells what {action} does"
        handler = operation.id.rpartition("/")[2]  # behind the flush that runs it
        if notifier := self._notified.get((handler, host)):
            return UNKNOWN, f"runs if '{notifier}' changes something, and only running that one tells"
        names = self._names(operation, host, scope)
        if CHECK_MODE in names:
            return UNKNOWN, "it asks whether this is check mode, and a plan is made in it"
        found = sorted((self._unsure[host, name] for name in names if (host, name) in self._unsure), reverse=True)
        if found:
            label, title = found[0]  # what is unknown sorts behind what is predicted
            return label, f"depends on '{title}', which is not run yet"
        if _predictable(action) == "partly" and outcome.status is not Status.SKIPPED:
            return PREDICTED, f"{action} foretells only part of what it does"
        before = self._before(operation, host, outcome)
        if before:
            # that it is as it should be now says little where something before it does nobody knows what
            label = UNKNOWN if outcome.status is Status.OK and not outcome.effects.acts else PREDICTED
            return label, f"comes after '{before}', which may make a difference to it"
        return PROVEN, ""

    def _names(self, operation: Operation, host: str, scope: Scope) -> set[str]:
        """Return every name in the operation's text, and in the texts of the variables it names, and so on."""
        found: set[str] = set()
        waiting = list(names_in(operation))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                if (host, name) not in self._unsure:
                    waiting += _named_in(name, scope)
        return found

    def _before(self, operation: Operation, host: str, outcome: Outcome) -> str:
        """Return the first change before it that may make a difference to what it looked at; empty where none does."""
        action = operation.task.action if operation.task else ""
        if outcome.status is Status.SKIPPED or action in HERE or operation.is_include:
            return ""
        earlier = (*self._prints.get(host, ()), *self._prints.get(EVERYWHERE, ()))
        mine = footprint(operation, outcome) if earlier else None
        return next((title for title, theirs in earlier if overlap(mine, theirs)), "")


def _named_in(name: str, scope: Scope) -> list[str]:
    """Return the names in the text of a variable; none where it is data, or not known yet."""
    try:
        value = scope.find(name)
    except NotYet:
        return []
    if value is None or value.layer.rendered or value.layer.level is Level.MAGIC:
        return []
    text = str(value.value)
    return WORD.findall(text) if "{{" in text or "{%" in text else []


def _facts(outcome: Outcome) -> set[str]:
    names = set(outcome.effects.facts)
    return names | {f"ansible_{name}" for name in names if not name.startswith("ansible_")} | {"ansible_facts"}


def may_notify(operation: Operation, outcome: Outcome, label: str) -> bool:
    """Tell whether an operation may notify its handlers when it is run, though in check mode it does not."""
    return label == UNKNOWN and outcome.status is not Status.CHANGED and not _changes_nothing(operation)


def _changes_nothing(operation: Operation) -> bool:
    """Tell whether the task itself says that it never changes anything."""
    said = operation.task.changed_when if operation.task else None
    return said is not None and len(said) == 1 and str(said[0]).lower() in {"false", "no"}


def _is_open(action: str, operation: Operation, outcome: Outcome) -> bool:
    if outcome.status is not Status.SKIPPED or "false_condition" in outcome.result:
        return False
    return _predictable(action) == "no" and operation.keywords.check_mode is not False


def _predictable(action: str) -> str:
    if action in OPEN:
        return "no"
    if action in PARTLY:
        return "partly"
    if action in HERE or action not in catalog.names("module"):
        return "yes" if action in catalog.names("action") else "partly"
    traits = getattr(catalog.load("module", action), "TRAITS", None)
    return str(getattr(traits, "predictable", "yes"))


def _said(outcome: Outcome) -> str:
    return str(outcome.result.get("msg", "")).splitlines()[0] if outcome.result.get("msg") else "it gives no reason"
