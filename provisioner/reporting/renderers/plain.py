"""Plain lines: one for each result, failures at once and again at the end, the recap, where the journal is."""

from __future__ import annotations

import sys
from collections.abc import Callable

from provisioner.model.event import (
    CheckFinished,
    Data,
    Event,
    HandlerOwed,
    ItemFinished,
    Noted,
    OperationFinished,
    OutputReceived,
    PlayStarted,
    Retrying,
    RunFinished,
    RunStarted,
)
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.diff import coloured, diff_lines
from provisioner.reporting.paint import Paint
from provisioner.reporting.recap import UNCOUNTED_ACTIONS
from provisioner.reporting.renderer import Settings
from provisioner.reporting.story import Story

HOSTS_SHOWN = 8
LABEL_WIDTH = 11
INDENT = " " * (LABEL_WIDTH + 4)

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})


class Renderer:
    """Prints as it hears; needs no terminal. ``say`` replaces printing where somebody else owns the screen."""

    def __init__(self, settings: Settings, say: Callable[[str], None] | None = None) -> None:
        self.story = Story()
        self._settings = settings
        self._stream = settings.stream or sys.stdout
        self._say = say or self._print
        self._paint = Paint(is_coloured=settings.is_coloured)
        self._is_told = False

    def handle(self, event: Event) -> None:
        """Print what ``event`` has to say."""
        self.story.add(event)
        match event:
            case PlayStarted():
                self._play(event)
            case ItemFinished():
                self._item(event)
            case OperationFinished() if event.status not in _UNSHOWN:
                self._operation(event)
            case CheckFinished():
                self._check(event)
            case Noted():
                self._noted(event)
            case _:
                self._progress(event)

    def close(self) -> None:
        """Print the end of a run that broke off; a run that ended has said everything."""
        if self.story.started is not None and not self._is_told:
            self._end()

    def _progress(self, event: Event) -> None:
        match event:
            case Retrying():
                left = event.attempts - event.attempt
                title = self.story.title(event.operation, event.host)
                self._say(f"  {'retry':<{LABEL_WIDTH}}  {event.host}  {title}  again in {event.wait_s:g}s, {left} left")
            case OutputReceived() if self._settings.verbosity >= 1:
                for line in event.text.splitlines():
                    self._say(self._paint(f"{INDENT}{event.host} {event.stream} | {line}", "grey"))
            case HandlerOwed():
                title = self.story.title(event.handler, event.host)
                self._say(
                    self._paint(f"  {'owed':<{LABEL_WIDTH}}  {event.host}  handler {title}: {event.because}", "purple")
                )
            case RunStarted() if self._settings.verbosity >= 1:
                self._say(f"run {event.run}  {self._settings.journal_of(event.run)}".rstrip())
            case RunFinished():
                self._end()
            case _:
                pass

    def _play(self, event: PlayStarted) -> None:
        hosts = ", ".join(event.hosts[:HOSTS_SHOWN])
        if len(event.hosts) > HOSTS_SHOWN:
            hosts += f" and {len(event.hosts) - HOSTS_SHOWN} more"
        batch = f" batch {event.batch + 1} of {event.batches}" if event.batches > 1 else ""
        self._say("")
        self._say(self._paint(f"PLAY {event.name or event.play}", "bold") + f"{batch}  on {hosts or 'no hosts'}")

    def _item(self, event: ItemFinished) -> None:
        name = wording.label_text(event.label)
        self._line(event.status, event.host, self.story.title(event.operation, event.host), f"  (item={name})")
        if event.status.is_bad:
            for line in wording.failure_details(event.result):
                self._say(INDENT + self._paint(line, "red"))
        self._more(event.status, event.result, self.story.operation(event.operation).action)

    def _operation(self, event: OperationFinished) -> None:
        planned = self.story.operation(event.operation)
        if planned.action in UNCOUNTED_ACTIONS and not event.status.is_bad:
            return
        took = f"  {wording.duration(event.seconds)}" if event.seconds >= wording.SLOW_S else ""
        where = f" on {event.delegated_to}" if event.delegated_to not in {"", event.host} else ""
        rescued = "  (rescued)" if event.effects.get("rescued") else ""
        title = self.story.title(event.operation, event.host)
        self._line(event.status, event.host + where, title, took + rescued)
        if event.status.is_bad and planned.where:
            self._say(f"{INDENT}{planned.where}")
        if event.status.is_bad or event.status is Status.IGNORED:
            was_told = "results" in event.result  # item by item, as they failed
            lines = wording.message(event.result).splitlines() if was_told else wording.failure_details(event.result)
            for line in lines:
                self._say(INDENT + self._paint(line, "red" if event.status.is_bad else "blue"))
        if "results" not in event.result:
            self._more(event.status, event.result, planned.action)

    def _line(self, status: Status, host: str, title: str, more: str) -> None:
        self._say(f"  {self._paint.status(f'{wording.label(status):<{LABEL_WIDTH}}', status)}  {host}  {title}{more}")

    def _more(self, status: Status, result: Data, action: str) -> None:
        warnings = result.get("warnings")
        for warning in warnings if isinstance(warnings, (list, tuple)) else ():
            self._say(self._paint(f"{INDENT}warning: {warning}", "purple"))
        if self._settings.diff:
            for line in diff_lines(result):
                self._say(INDENT + coloured(line, self._paint))
        if self._settings.verbosity >= 1 or (action == "debug" and not status.is_bad and status is not Status.SKIPPED):
            for line in wording.readable(result):
                self._say(INDENT + line)

    def _check(self, event: CheckFinished) -> None:
        text, colour = ("check ok", "green") if event.passed else ("CHECK BAD", "bold red")
        word = self._paint(f"{text:<{LABEL_WIDTH}}", colour)
        self._say(f"  {word}  {event.host}  {event.check}")
        if not event.passed:
            for line in (event.where, f"expected: {event.expected}", *f"actual:   {event.actual}".splitlines()):
                self._say(f"{INDENT}{line}")

    def _noted(self, event: Noted) -> None:
        about = f"{event.host}: " if event.host else ""
        colour = {"warning": "purple", "error": "red"}.get(event.severity, "grey")
        self._say(self._paint(f"{event.severity}: {about}{event.text}", colour))

    def _end(self) -> None:
        self._is_told = True
        failures, bad = self.story.failures, self.story.open_checks
        if failures or bad:
            self._say("")
            self._say(self._paint("FAILURES", "bold red"))
        for number, failure in enumerate(failures, start=1):
            for line in wording.failure_lines(number, failure):
                self._say(f"  {line}")
        for number, check in enumerate(bad, start=len(failures) + 1):
            self._say(f"  {number}. {check.host}: check {check.check}\n     {check.where}")
            self._say(f"     expected: {check.expected}\n     actual:   {check.actual}")
        stats = wording.final_stats(self.story)
        if stats:
            self._say("")
            self._say(self._paint("RECAP", "bold"))
        for host, row in stats.items():
            self._say(wording.recap_line(host, row, self._paint))
        run = self.story.started.run if self.story.started else ""
        self._say("")
        self._say(wording.last_line(self.story, self._settings.journal_of(run) if run else ""))

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()
