"""What shows events: the interface of every renderer and what each is told about where and how to show them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TextIO, runtime_checkable

from provisioner.model.event import Event
from provisioner.records import dataclass

DEFAULT_WIDTH = 79


@dataclass(frozen=True, slots=True)
class Display:
    """What Ansible's settings for its default output say; each is named as there."""

    skipped_hosts: bool = True
    ok_hosts: bool = True
    failed_stderr: bool = False
    custom_stats: bool = False
    per_host_start: bool = False
    check_mode_markers: bool = False
    path_on_failure: bool = False
    result_format: str = "json"
    pretty: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How to show. ``stream`` is for renderers that print, ``path`` for those that write a file when they are closed.

    ``verbosity`` counts the ``-v``; ``diff`` shows what changed inside files; ``runs`` is the folder that holds one
    folder a run, so that the last line can say where the journal is. ``errors`` is where warnings go, ``log`` takes
    every line besides, with its level; ``display`` is for the renderers that show what Ansible shows.
    """

    stream: TextIO | None = None
    path: Path | None = None
    verbosity: int = 0
    diff: bool = False
    is_coloured: bool = False
    width: int = DEFAULT_WIDTH
    runs: Path | None = None
    errors: TextIO | None = None
    log: Callable[[str, str], None] | None = None
    log_verbosity: int = 0
    display: Display = Display()

    def journal_of(self, run: str) -> str:
        """Return the path of a run's journal as text, or nothing where it is not known."""
        return str(self.runs / run / "journal.jsonl") if self.runs else ""


class EventRenderer(Protocol):
    """Every file in ``renderers`` exports such a class as ``Renderer``; it is made with ``Renderer(settings)``."""

    def handle(self, event: Event) -> None:
        """Take in one event, in order; called by one thread at a time."""

    def close(self) -> None:
        """Show or write what is left; called once, also after an error."""


@runtime_checkable
class OwnsScreen(Protocol):
    """A renderer that must step aside while somebody is asked something."""

    def suspend(self) -> None:
        """Leave the screen alone."""

    def proceed(self) -> None:
        """Take it again."""
