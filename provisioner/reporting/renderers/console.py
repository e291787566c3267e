"""A terminal: finished work as lines, and below them, live, what runs where and for how long.

One thread of ours paints five times a second; taking in an event only notes what to paint, so that a run with
thousands of results does not wait for its terminal.
"""

from __future__ import annotations

import sys
import time
from threading import Event as Signal
from threading import RLock, Thread

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from provisioner.model.event import Event, OperationFinished, OperationStarted, OutputReceived, PlayStarted
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.renderer import Settings
from provisioner.reporting.renderers import plain

ROWS = 8
EVERY_S = 0.2


class _Lines:
    """Finished lines, colours included, for rich to pass on as they are."""

    def __init__(self, lines: list[str]) -> None:
        self._text = "\n".join(lines) + "\n"

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        yield Segment(self._text)


class Renderer:
    """Plain lines in colour above a live part of at most ten rows."""

    def __init__(self, settings: Settings, console: Console | None = None) -> None:
        self._console = console or Console(file=settings.stream or sys.stdout, highlight=False, soft_wrap=True)
        self._waiting: list[str] = []
        self._lines = plain.Renderer(settings, say=self._waiting.append)
        self._lock = RLock()
        self._output: dict[tuple[str, str], str] = {}
        self._play = ""
        self._done = 0
        self._bad = 0
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()
        self._closed = Signal()
        self._painter = Thread(target=self._paint_on, name="console", daemon=True)
        self._painter.start()

    def handle(self, event: Event) -> None:
        """Note what ``event`` has to show."""
        with self._lock:
            self._note(event)
            self._lines.handle(event)

    def close(self) -> None:
        """Take the live part off the screen and print what is left to say."""
        self._closed.set()
        self._painter.join()
        with self._lock:
            self._live.stop()
            self._lines.close()
            self._print()

    def suspend(self) -> None:
        """Take the live part away while somebody is asked something."""
        with self._lock:
            self._print()
            self._live.stop()

    def proceed(self) -> None:
        """Show the live part again."""
        with self._lock:
            self._live.start()

    def paint(self) -> None:
        """Print the lines that wait and draw the live part anew."""
        with self._lock:
            if self._live.is_started:
                self._print()
                self._live.update(self.picture(), refresh=True)

    def _paint_on(self) -> None:
        while not self._closed.wait(EVERY_S):
            self.paint()

    def _print(self) -> None:
        if self._waiting:
            self._console.print(_Lines(self._waiting), end="")
            self._waiting.clear()

    def _note(self, event: Event) -> None:
        match event:
            case PlayStarted():
                self._play, self._done, self._bad = event.name or event.play, 0, 0
            case OperationStarted():
                self._output.pop((event.operation, event.host), None)
            case OperationFinished():
                self._done += event.status not in {Status.BYPASSED, Status.NOT_RUN}
                self._bad += event.status.is_bad
                self._output.pop((event.operation, event.host), None)
            case OutputReceived() if event.text.strip():
                self._output[event.operation, event.host] = event.text.strip().splitlines()[-1]
            case _:
                pass

    def picture(self) -> RenderableType:
        """Return the live part as it is now."""
        now = time.time()
        story = self._lines.story
        running = sorted(story.running.values(), key=lambda event: event.at)
        rows: list[RenderableType] = []
        for event in running[:ROWS]:
            title = story.title(event.operation, event.host)
            said = self._output.get((event.operation, event.host), "")
            took = wording.duration(max(0.0, now - event.at))
            rows.append(_row(f"  {took:>6}  {event.host}  {title}", said))
        if len(running) > ROWS:
            rows.append(_row(f"          and {len(running) - ROWS} more", ""))
        if self._play:
            bad = f", {self._bad} bad" if self._bad else ""
            rows.append(_row(f"{self._play}: {self._done} done{bad}, {len(running)} running", ""))
        return Group(*rows)


def _row(text: str, said: str) -> Text:
    row = Text(text, no_wrap=True, overflow="ellipsis", style="bold" if not text.startswith(" ") else "")
    if said:
        row.append(f"  | {said}", style="dim")
    return row
