"""Nothing at all: for runs whose record or report is all that is wanted."""

from __future__ import annotations

from provisioner.model.event import Event, Noted
from provisioner.reporting.renderer import Settings
from provisioner.reporting.screen import Screen


class Renderer:
    """Prints warnings only, and those on standard error."""

    def __init__(self, settings: Settings) -> None:
        self._screen = Screen(settings)

    def handle(self, event: Event) -> None:
        """Tell a warning."""
        if isinstance(event, Noted):
            self._screen.remark(event.severity, event.brief or event.text)

    def close(self) -> None:
        """Do nothing."""
