"""The runbook as executed: what, when, by whom, planned against rehearsed against actual, with evidence."""

from __future__ import annotations

import html as escaping
import time
from collections.abc import Callable, Mapping, Sequence

from provisioner.journal.chronicle import Entry
from provisioner.migration.record import Attempt, Standing, samples, standing

SHOWN: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "defined": lambda d: f"definition {d.get('path')} (fingerprint {d.get('fingerprint')})",
    "state": lambda d: f"**{d['state']}**" + (f": {d['because']}" if d.get("because") else ""),
    "began": lambda d: f"{d['phase']} begins" + (" (rehearsal)" if d.get("purpose") == "rehearsal" else ""),
    "run": lambda d: f"recorded as run {d['run']}",
    "stage": lambda d: f"{d['stage']}: {d['seconds']} s",
    "ended": lambda d: "ended well" if d.get("ok") else f"failed: {d.get('failure') or d.get('code')}",
    "measured": lambda d: f"{d['part']}: {_figures(d['values'])}",
    "approved": lambda _d: "approved",
    "held": lambda d: f"held: {d.get('reason')}",
    "released": lambda _d: "hold released",
    "paused": lambda d: f"paused: {d.get('after')}",
    "resumed": lambda _d: "resumed",
    "waived": lambda d: f"gate '{d['gate']}' waived: {d['reason']}",
    "decided": lambda d: f"decided (confirmed by {d.get('host')})",
    "gates": lambda d: "gates of {}: {}".format(d["phase"], "; ".join(map(str, _list(d.get("shut")))) or "all open"),
    "probed": lambda d: f"probes: {_figures(d)}",
    "note": lambda d: str(d.get("text")),
    "stragglers": lambda d: f"stragglers: {_figures(d)}",
    "references": lambda d: f"{d.get('count')} places still name the old server" + _places(d.get("places")),
    "artefact": lambda d: f"{d.get('name')}: {d.get('path', '')} {d.get('hash', '')}".rstrip(),
}  # fmt: skip
"""How each kind of entry reads; kinds that are not here are for machines."""


def rows(entries: Sequence[Entry]) -> list[tuple[str, str, str]]:
    """Return time, person and text of every entry that people read."""
    return [(_clock(e.at), e.by, SHOWN[e.kind](e.data)) for e in entries if e.kind in SHOWN]


def times(found: Standing) -> list[tuple[str, str, str]]:
    """Return for each stage of the last cut-over the seconds rehearsed and the seconds it took."""
    rehearsed = samples(found.attempts, "rehearse")
    last = found.last("cutover")
    return [(stage, _seconds(rehearsed.get(f"forward: {stage}", [])), f"{seconds:.2f}")
            for stage, seconds in (last.stages.items() if last else ())]  # fmt: skip


def markdown(name: str, entries: Sequence[Entry]) -> str:
    """Return the record as Markdown."""
    found = standing(entries)
    owner = found.definition.get("owner") or "nobody named"
    about = f"State: **{found.state}** since {_clock(found.since)}. Owner: {owner}. Made {_clock(time.time())}."
    lines = [f"# Migration {name}: the runbook as executed", "", about, ""]
    if last := found.last("cutover"):
        lines += ["## Cut-over", "", *_cutover(last), "", "| stage | rehearsed, s | actual, s |", "|---|---|---|"]
        lines += [f"| {stage} | {rehearsed} | {actual} |" for stage, rehearsed, actual in times(found)] + [""]
    lines += ["## What happened", "", "| when | who | what |", "|---|---|---|"]
    lines += [f"| {at} | {_cell(by)} | {_cell(text)} |" for at, by, text in rows(entries)]
    return "\n".join(lines) + "\n"


def html(name: str, entries: Sequence[Entry]) -> str:
    """Return the record as one self-contained page."""
    found, said = standing(entries), escaping.escape
    body = "".join(
        f"<tr><td>{said(at)}<td>{said(by)}<td>{said(text.replace('**', ''))}" for at, by, text in rows(entries)
    )
    stages = "".join(f"<tr><td>{said(a)}<td>{said(b)}<td>{said(c)}" for a, b, c in times(found))
    return (
        f"<!doctype html><meta charset=utf-8><title>{said(name)}</title><style>body{{font:15px sans-serif;margin:2em}}"
        "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left}"
        f"</style><h1>Migration {said(name)}</h1><p>State: <b>{said(found.state)}</b> since {_clock(found.since)}. "
        f"Owner: {said(str(found.definition.get('owner') or 'nobody named'))}."
        f"<h2>Cut-over</h2><table><tr><th>stage<th>rehearsed, s<th>actual, s{stages}</table>"
        f"<h2>What happened</h2><table><tr><th>when<th>who<th>what{body}</table>\n"
    )


def _cutover(last: Attempt) -> list[str]:
    how = "well" if last.ok else f"not well: {last.failure}"
    return [f"Attempt {last.number} by {last.by} at {_clock(last.began)}, {last.seconds:.1f} s, ended {how}."]


def _figures(values: object) -> str:
    found = values if isinstance(values, Mapping) else {}
    return ", ".join(f"{key} {value}" for key, value in found.items() if value not in (None, "", [], {}))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _places(found: object) -> str:
    return f": {'; '.join(map(str, _list(found)))}" if found else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _seconds(found: Sequence[float]) -> str:
    return f"{max(found):.2f}" if found else ""


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else ""
