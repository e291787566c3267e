"""A terminal: finished work as lines, and below them, live, what runs where and for how long."""

from __future__ import annotations

import sys
import time
from threading import Lock

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from provisioner.model.event import Event, OperationFinished, OperationStarted, OutputReceived, PlayStarted
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.renderer import Settings
from provisioner.reporting.renderers import plain

ROWS = 8


class Renderer:
    """Plain lines in colour above a live part of at most ten rows."""

    def __init__(self, settings: Settings, console: Console | None = None) -> None:
        self._console = console or Console(file=settings.stream or sys.stdout, highlight=False, soft_wrap=True)
        self._lines = plain.Renderer(settings, say=self._say)
        self._lock = Lock()
        self._output: dict[tuple[str, str], str] = {}
        self._play = ""
        self._done = 0
        self._bad = 0
        self._live = Live(console=self._console, get_renderable=self._picture, refresh_per_second=5, transient=True)
        self._live.start()

    def handle(self, event: Event) -> None:
        """Show ``event``."""
        with self._lock:
            self._note(event)
            self._lines.handle(event)

    def close(self) -> None:
        """Take the live part off the screen and print what is left to say."""
        self._live.stop()
        self._lines.close()

    def suspend(self) -> None:
        """Take the live part away while somebody is asked something."""
        self._live.stop()

    def proceed(self) -> None:
        """Show the live part again."""
        self._live.start()

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

    def _say(self, line: str) -> None:
        self._console.print(Text.from_ansi(line))

    def _picture(self) -> RenderableType:
        """Return the live part; rich's refresh thread asks for it."""
        now = time.time()
        story = self._lines.story
        running = sorted(list(story.running.values()), key=lambda event: event.at)
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
