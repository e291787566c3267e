"""Chooses and makes the renderers that a command line asks for."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from provisioner import catalog
from provisioner.journal.places import runs_dir
from provisioner.model.question import OneKey
from provisioner.reporting.printable import printable, safe
from provisioner.reporting.renderer import EventRenderer, OwnsScreen, Settings

OUTPUTS = {"console": "console", "plain": "plain", "ansible": "ansible", "json": "json_lines"}
"""What ``--output`` takes, and the renderer that does it."""
EXACT = frozenset({"json_lines", "junit"})
"""Renderers that escape by themselves and whose readers want every character."""


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Declare how a run is shown and which reports are written."""
    group = parser.add_argument_group("output")
    group.add_argument("--output", choices=sorted(OUTPUTS),
                       help="how to show the run (default: console on a terminal, plain lines otherwise)")  # fmt: skip
    group.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit report for CI systems")
    group.add_argument("--report", type=Path, metavar="FILE", help="write a report as a single HTML page")


def is_coloured(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether to use colour: on a terminal, unless NO_COLOR is set; FORCE_COLOR wins over both."""
    if environ.get("FORCE_COLOR") or environ.get("ANSIBLE_FORCE_COLOR"):
        return True
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def settings_for(arguments: argparse.Namespace, stream: TextIO | None = None) -> Settings:
    """Return what the renderers need to know."""
    stream = stream or sys.stdout
    return Settings(
        stream=stream,
        verbosity=arguments.verbose,
        diff=getattr(arguments, "diff", False),
        is_coloured=is_coloured(stream),
        width=shutil.get_terminal_size().columns - 1 if stream.isatty() else Settings().width,
        runs=runs_dir(os.environ),
    )


@contextmanager
def renderers(arguments: argparse.Namespace, default: str = "") -> Iterator[Sequence[EventRenderer]]:
    """Yield the renderers asked for and close them whatever happens."""
    settings = settings_for(arguments)
    wanted = getattr(arguments, "output", None)
    name = OUTPUTS[wanted] if wanted else default or _fitting(settings.stream or sys.stdout)
    made = [_make(name, settings)]
    for report, path in (("junit", arguments.junit), ("html", arguments.report)):
        if path is not None:
            made.append(_make(report, Settings(path=path, runs=settings.runs)))
    try:
        yield made
    finally:
        for renderer in made:
            renderer.close()


def polite(ask: Callable[[str, bool], str], sinks: Sequence[EventRenderer]) -> Callable[[str, bool], str]:
    """Return ``ask`` so that whatever is live on the screen steps aside for the question."""

    def put(question: str, secret: bool) -> str:
        live = [sink for sink in sinks if isinstance(sink, OwnsScreen)]
        for sink in live:
            sink.suspend()
        try:
            text = printable(question)
            return ask(OneKey(text, question.keys) if isinstance(question, OneKey) else text, secret)
        finally:
            for sink in live:
                sink.proceed()

    return put


def _fitting(stream: TextIO) -> str:
    return "console" if stream.isatty() and os.environ.get("TERM") != "dumb" else "plain"


def _make(name: str, settings: Settings) -> EventRenderer:
    made: EventRenderer = catalog.load("renderer", name).Renderer(settings)
    return made if name in EXACT else safe(made)
