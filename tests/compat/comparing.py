"""Brings two outcomes to the same form and says where they differ."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from differences import is_known
from sides import Entry, Outcome

# written by clocks, or about how a result came about rather than what it is
NOISE = frozenset({
    *("start", "end", "delta", "invocation", "exception", "warnings", "deprecations", "diff", "item"),
    *("atime", "ctime", "mtime", "inode", "dev", "version", "elapsed", "attr_flags", "attributes"),
})  # fmt: skip
# what a user reads from results of any action
TOLD = ("msg", "rc", "stdout", "stderr", "attempts", "skip_reason", "skipped_reason", "false_condition")
# the text of these actions' results is the playbook's own
SPEAKING = frozenset({"debug", "fail", "assert", "set_fact"})
# and so are these messages of failed ones; other messages are each implementation's own wording
BAD_SPEAKING = {"fail": ("msg",), "assert": ("msg", "assertion", "evaluated_to")}
# includes report as results here and as something else there; meta is reported by neither in a way to compare
SILENT = frozenset({"meta", "include_tasks", "include_role", "import_role", "import_tasks", "include"})


def differences(ours: Outcome, theirs: Outcome, exits: tuple[int, int] | None = None, *, deep: bool = False) -> str:
    """Return a readable account of all differences, empty where the outcomes are equal.

    ``exits`` is a pair of exit codes that are meant to differ; what a run then did or not is not compared. ``deep``
    compares every value of every result, so that modules must return what they are documented to return.
    """
    if exits is not None:
        codes = ours.exit_code, theirs.exit_code
        return "" if codes == exits else f"exit codes {codes}, and {exits} were expected\n{_tail(ours.text)}"
    parts = []
    if ours.exit_code != theirs.exit_code:
        parts.append(f"exit code: ours {ours.exit_code}, theirs {theirs.exit_code}")
    if ours.plays != theirs.plays:
        parts.append(f"plays: ours {ours.plays}\n     theirs {theirs.plays}")
    parts.extend(_by_host(ours, theirs, deep=deep))
    parts.extend(_recap(ours.recap, theirs.recap))
    if not parts:
        return ""
    if ours.exit_code != theirs.exit_code or not (ours.entries and theirs.entries):
        parts += ["--- ours says", _tail(ours.text), "--- theirs says", _tail(theirs.text)]
    return "\n".join(parts)


def _by_host(ours: Outcome, theirs: Outcome, *, deep: bool) -> Iterable[str]:
    if deep:
        ours = _narrowed(ours, theirs)
    left, right = lines_by_host(ours, deep=deep), lines_by_host(theirs, deep=deep)
    for host in sorted({*left, *right}):
        told = list(difflib.unified_diff(right.get(host, []), left.get(host, []), "theirs", "ours", n=1, lineterm=""))
        if told:
            yield f"{host}:\n" + "\n".join(told[2:])


def _narrowed(ours: Outcome, theirs: Outcome) -> Outcome:
    """Return ours without the values that only ours returns: more than documented is no difference."""
    wanted = {(e.kind, e.host, e.task, str(e.label)): set(e.result) for e in theirs.entries}
    entries = []
    for entry in ours.entries:
        names = wanted.get((entry.kind, entry.host, entry.task, str(entry.label)), set(entry.result))
        entries.append(replace(entry, result={k: v for k, v in entry.result.items() if k in names}))
    return replace(ours, entries=tuple(entries))


def _recap(ours: Mapping[str, Mapping[str, int]], theirs: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    for host in sorted({*ours, *theirs}):
        left, right = ours.get(host, {}), theirs.get(host, {})
        changed = {n: (left.get(n), right.get(n)) for n in {*left, *right} if left.get(n) != right.get(n)}
        if changed:
            told = ", ".join(f"{name} {a} (theirs {b})" for name, (a, b) in sorted(changed.items()))
            yield f"recap of {host}: {told}"


def lines_by_host(outcome: Outcome, *, deep: bool = False) -> dict[str, list[str]]:
    """Return one line for each thing that happened, by host, in order."""
    lines: dict[str, list[str]] = {}
    for entry in outcome.entries:
        action = entry.action.rpartition(".")[2]
        if action in SILENT and (entry.status in {"ok", "changed"} or action == "meta") and entry.kind != "retry":
            continue
        status = "unreachable" if entry.result.get("unreachable") else entry.status
        text = f"{entry.kind} [{entry.task}] {status}"
        if entry.kind == "item" and "censored" not in entry.result:
            text += f" ({_text(_label(entry.label))})"
        told = told_values(entry, deep=deep)
        text += f" {_text(told)}" if told else ""
        lines.setdefault(entry.host, []).append(text.replace(outcome.scratch, "SCRATCH"))
    return lines


def _label(label: Any) -> Any:
    """Return a label to compare; one that is the result of a written file is without what is known of its source."""
    shown = plain(label)
    if isinstance(shown, dict) and "checksum" in shown:
        return {name: value for name, value in shown.items() if not is_known("copy", name)}
    return shown


def told_values(entry: Entry, *, deep: bool = False) -> dict[str, Any]:
    """Return what of an entry's result is compared."""
    action = entry.action.rpartition(".")[2]
    if entry.status == "skipped":  # a loop without items is hidden by no_log here, and not there
        return {}
    if "censored" in entry.result:
        return {"censored": True}
    values = plain(entry.result)
    is_loop = "results" in values and entry.kind == "task"
    if is_loop:  # its items were compared one by one
        values.pop("results")
    if entry.status in {"skipped", "unreachable"} or entry.result.get("unreachable") or is_loop:
        return {}
    bad = entry.status in {"failed", "ignored"}
    if not bad:
        values.pop("failed", None)  # what failed_when forgave still says so where it was registered
    if deep and not bad:
        names = tuple(values)
    elif action in SPEAKING:
        names = BAD_SPEAKING.get(action, ()) if bad else tuple(values)
    else:
        names = tuple(n for n in TOLD if n != "msg" and not (bad and n in {"stderr", "stdout"}))
    return {name: values[name] for name in names if name in values and not is_known(action, name)}


def plain(value: Any) -> Any:
    """Return a result without noise, at every depth."""
    if isinstance(value, Mapping):
        return {
            str(k): plain(v)
            for k, v in value.items()
            if k not in NOISE and not str(k).startswith("_ansible") and not (k in {"failed", "changed"} and not v)
        }
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _tail(text: str) -> str:
    lines = [line[:300] for line in text.splitlines() if not line.startswith("{")]
    return "\n".join(lines[-40:])
