"""The words for results that all printing renderers share: messages, details of failures, recap, last line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from provisioner.model.event import HostStats
from provisioner.model.status import Status
from provisioner.reporting.paint import Paint
from provisioner.reporting.recap import COLUMNS
from provisioner.reporting.story import Failure, Story

STDERR_LINES = 8
LONGEST_LINE = 100
SLOW_S = 1.0
RECAP_COLOURS = dict(zip(COLUMNS, ("green", "yellow", "bold red", "bold red", "cyan", "purple", "blue"), strict=True))
LABELS = {
    Status.FAILED: "FAILED",
    Status.UNREACHABLE: "UNREACHABLE",
    Status.LOST: "LOST",
}

# what a reader of -v already sees from the status, or never wants
_NOISE = frozenset({"changed", "failed", "skipped", "invocation", "diff", "warnings", "deprecations", "unreachable"})
_REPEATED = frozenset({"stdout_lines", "stderr_lines"})


def label(status: Status) -> str:
    """Return the word for a status; bad ones in capitals, so that no colour is needed to see them."""
    return LABELS.get(status, status.value)


def message(result: Mapping[str, object]) -> str:
    """Return what a result says about itself: ``msg``, or what stands for it."""
    if "censored" in result:
        return str(result["censored"])
    for key in ("_ansible_diagnosis", "msg", "exception", "reason"):
        if result.get(key):
            return _text(result[key])
    return f"non-zero return code {result['rc']}" if result.get("rc") else ""


def label_text(label: object) -> str:
    """Return the label of a loop item as one piece of text."""
    return label if isinstance(label, str) else json.dumps(label, ensure_ascii=False, default=str)


def failed_items(result: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Return label and result of every loop item that failed."""
    items = result.get("results")
    for item in items if isinstance(items, (list, tuple)) else ():
        if isinstance(item, Mapping) and item.get("failed"):
            yield label_text(item.get("_ansible_item_label", item.get("item", ""))), item


def failure_details(result: Mapping[str, object]) -> Iterator[str]:
    """Return the lines that explain a failure: message, failing items, the end of stderr (or stdout)."""
    yield from message(result).splitlines()
    for name, item in failed_items(result):
        first, *more = [*message(item).splitlines(), *_tail(item)] or ["failed"]
        yield f"item {name}: {first}"
        yield from more
    yield from _tail(result)


def _tail(result: Mapping[str, object]) -> Iterator[str]:
    for stream in ("stderr", "module_stderr", "stdout", "module_stdout"):
        text = str(result.get(stream) or "").strip("\n")
        if text and text not in message(result):
            lines = text.splitlines()
            if len(lines) > STDERR_LINES:
                yield f"{stream} | ... {len(lines) - STDERR_LINES} earlier lines are in the journal"
            for line in lines[-STDERR_LINES:]:
                yield f"{stream} | {line}"
            return


def readable(result: Mapping[str, object]) -> Iterator[str]:
    """Return the lines of a result without what was said already: ``key: value``, longer text below its key."""
    for key, value in result.items():
        if key in _NOISE or key in _REPEATED or key.startswith("_ansible"):
            continue
        if isinstance(value, str) and "\n" in value.rstrip("\n"):
            yield f"{key}:"
            yield from (f"  {line}" for line in value.splitlines())
        elif isinstance(value, str):
            yield f"{key}: {value}".rstrip()
        else:
            yield from f"{key}: {_compact(value)}".splitlines()


def _compact(value: object) -> str:
    """Return data as JSON on one line, or indented where one line would be too long to read."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_LINE else json.dumps(value, indent=2, ensure_ascii=False, default=str)


def duration(seconds: float) -> str:
    """Return a duration for people: ``0.3s``, ``12s``, ``3m05s``, ``1h02m``."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def recap_line(host: str, stats: HostStats, paint: Paint) -> str:
    """Return a host's row in ansible-playbook's columns."""
    colour = "red" if stats.failed or stats.unreachable else "yellow" if stats.changed else "green"
    counts = []
    for name in COLUMNS:
        number = getattr(stats, name)
        text = f"{name}={number:<4}"
        counts.append(paint(text, RECAP_COLOURS[name]) if number else text)
    return f"{paint(f'{host:<26}', colour)} : {' '.join(counts)}"


def final_stats(story: Story) -> Mapping[str, HostStats]:
    """Return the rows of the recap: the run's own, else those counted here."""
    return (story.finished.stats if story.finished else {}) or story.recap.stats


def failure_lines(number: int, failure: Failure) -> Iterator[str]:
    """Return one failure as it is repeated at the end of a run."""
    yield f"{number}. {failure.host}: {failure.title} ({label(failure.status)})"
    if failure.where:
        yield f"   {failure.where}"
    for line in failure_details(failure.result):
        yield f"   {line}"


def last_line(story: Story, journal: str) -> str:
    """Return the line that closes a run: how it ended, how long it took, where its record is."""
    finished = story.finished
    if finished is None:
        return "the run did not come to its end" + (f"; journal {journal}" if journal else "")
    reason = f" ({finished.reason})" if finished.reason else ""
    outcome = "finished" if finished.exit_code == 0 else f"ended with exit code {finished.exit_code}"
    text = f"run {finished.run} {outcome} in {duration(finished.seconds)}{reason}"
    return f"{text}; journal {journal}" if journal else text


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
