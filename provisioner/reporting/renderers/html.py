"""A report of a run as one HTML page that needs nothing else: hosts, failures, checks, and a timeline a host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from html import escape

from provisioner.model.event import CheckFinished, Event, HostStats, Noted, OperationFinished
from provisioner.model.status import Status
from provisioner.records import dataclass
from provisioner.reporting import wording
from provisioner.reporting.diff import diff_lines
from provisioner.reporting.renderer import Settings
from provisioner.reporting.story import Story

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c62828; --changed: #b26a00; --ok: #2e7d32; --quiet: #78909c }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8881; padding: .5rem; margin: .3rem 0 }
.where, .quiet { color: var(--quiet) } .failed, .unreachable, .lost { color: var(--bad); font-weight: 600 }
.changed { color: var(--changed) } .ok { color: var(--ok) } .skipped, .ignored { color: var(--quiet) }
.track { position: relative; height: 14px; min-width: 12rem; background: #8881 }
.bar { position: absolute; top: 2px; bottom: 2px; min-width: 2px; background: var(--ok) }
.bar.changed { background: var(--changed) } .bar.failed, .bar.unreachable, .bar.lost { background: var(--bad) }
.bar.skipped, .bar.ignored { background: var(--quiet) }
summary { cursor: pointer }
"""


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    where: str
    result: OperationFinished


class Renderer:
    """Gathers results and writes the page when closed."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.path
        self._settings = settings
        self._story = Story()
        self._rows: dict[str, list[_Row]] = {}
        self._notes: list[Noted] = []

    def handle(self, event: Event) -> None:
        """Take in one event."""
        self._story.add(event)
        match event:
            case OperationFinished() if event.status not in _UNSHOWN:
                planned = self._story.operation(event.operation)
                row = _Row(self._story.title(event.operation, event.host), planned.where, event)
                self._rows.setdefault(event.host, []).append(row)
            case Noted() if event.severity != "pause":
                self._notes.append(event)
            case _:
                pass

    def close(self) -> None:
        """Write the page; nothing is written of a run that never began."""
        if self._story.started is None or self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("\n".join(self._page()) + "\n", encoding="utf-8", errors="backslashreplace")

    def _page(self) -> Iterator[str]:
        started = self._story.started
        if started is None:
            return
        title = escape(f"Run {started.run}")
        yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        yield f"<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>"
        when = f"{datetime.fromtimestamp(started.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
        yield f"<p>{escape(' '.join(started.playbooks))} by {escape(started.user)}, {when}</p>"
        journal = self._settings.journal_of(started.run)
        yield f"<p><strong>{escape(wording.last_line(self._story, journal))}</strong></p>"
        yield from self._recap()
        yield from self._failures()
        yield from _checks(self._story.checks)
        yield from self._remarks()
        for host, rows in sorted(self._rows.items()):
            yield from self._timeline(host, rows)
        yield "</body></html>"

    def _recap(self) -> Iterator[str]:
        names = [field.name for field in fields(HostStats)]
        yield "<h2>Hosts</h2>\n<table><tr><th>host</th>" + "".join(f"<th>{name}</th>" for name in names) + "</tr>"
        for host, stats in wording.final_stats(self._story).items():
            cells = "".join(f'<td class="n">{getattr(stats, name)}</td>' for name in names)
            yield f'<tr><td><a href="#{escape(host)}">{escape(host)}</a></td>{cells}</tr>'
        yield "</table>"

    def _failures(self) -> Iterator[str]:
        if not self._story.failures:
            return
        yield "<h2>Failures</h2>"
        for failure in self._story.failures:
            word = failure.status.value
            yield f'<h3><span class="{word}">{word}</span> {escape(failure.host)}: {escape(failure.title)}</h3>'
            yield f'<p class="where">{escape(failure.where)}</p>'
            yield _preformatted(wording.failure_details(failure.result))

    def _remarks(self) -> Iterator[str]:
        owed = [
            f"handler {self._story.title(o.handler, o.host)} is owed to {o.host}: {o.because}" for o in self._story.owed
        ]
        texts = [*(f"{note.severity}: {note.host} {note.text}" for note in self._notes), *owed]
        if texts:
            yield "<h2>Remarks</h2>\n<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"

    def _timeline(self, host: str, rows: list[_Row]) -> Iterator[str]:
        begin = self._story.started.at if self._story.started else 0.0
        end = max((row.result.at for each in self._rows.values() for row in each), default=begin)
        span = max(end - begin, 0.001)
        yield f'<h2 id="{escape(host)}">{escape(host)}</h2>\n<table>'
        yield "<tr><th>at</th><th>took</th><th>result</th><th>task</th><th>when</th></tr>"
        for row in rows:
            result = row.result
            start = result.at - result.seconds - begin
            left, width = 100 * max(start, 0) / span, 100 * min(result.seconds, span) / span
            word = result.status.value
            bar = f'<div class="bar {word}" style="left:{min(left, 99.5):.2f}%;width:{width:.2f}%"></div>'
            yield (
                f'<tr><td class="n">{max(start, 0):.1f}s</td><td class="n">{wording.duration(result.seconds)}</td>'
                f'<td class="{word}">{word}</td><td>{self._task(row)}</td><td><div class="track">{bar}</div></td></tr>'
            )
        yield "</table>"

    def _task(self, row: _Row) -> str:
        text = f'{escape(row.title)} <span class="where">{escape(row.where)}</span>'
        lines = [*wording.message(row.result.result).splitlines(), *diff_lines(row.result.result)]
        return f"<details><summary>{text}</summary>{_preformatted(lines)}</details>" if lines else text


def _checks(checks: Iterable[CheckFinished]) -> Iterator[str]:
    rows = list(checks)
    if not rows:
        return
    yield "<h2>Checks</h2>\n<table><tr><th>host</th><th>check</th><th>result</th><th>expected</th><th>actual</th></tr>"
    for check in sorted(rows, key=lambda each: each.passed):
        word, text = ("ok", "holds") if check.passed else ("failed", "does not hold")
        place = f' <span class="where">{escape(check.where)}</span>'
        yield (
            f"<tr><td>{escape(check.host)}</td><td>{escape(check.check)}{place}</td>"
            f'<td class="{word}">{text}</td><td>{escape(check.expected)}</td><td>{escape(check.actual)}</td></tr>'
        )
    yield "</table>"


def _preformatted(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return f"<pre>{escape(text)}</pre>" if text else ""
