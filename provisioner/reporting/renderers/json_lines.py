"""One JSON object a line for each event, for programs; the fields are those of the journal."""

from __future__ import annotations

import sys

from provisioner.model.encoding import encode, to_json
from provisioner.model.event import Event
from provisioner.reporting.renderer import Settings


class Renderer:
    """Writes each event as soon as it comes."""

    def __init__(self, settings: Settings) -> None:
        self._stream = settings.stream or sys.stdout

    def handle(self, event: Event) -> None:
        """Write ``event``."""
        self._stream.write(to_json(encode(event)) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Do nothing: every line is out already."""
