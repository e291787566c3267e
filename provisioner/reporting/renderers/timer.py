"""How long the run took, as one line at its end: Ansible's callback ``timer``."""

from __future__ import annotations

from provisioner.model.event import Event, RunFinished
from provisioner.reporting.renderer import Settings
from provisioner.reporting.screen import Screen


class Renderer:
    """Prints one line."""

    def __init__(self, settings: Settings) -> None:
        self._screen = Screen(settings)

    def handle(self, event: Event) -> None:
        """Print the line when the run ends."""
        if isinstance(event, RunFinished):
            minutes, seconds = divmod(int(event.seconds), 60)
            hours, minutes = divmod(minutes, 60)
            days, hours = divmod(hours, 24)
            took = f"{days} days, {hours} hours, {minutes} minutes, {seconds} seconds"
            self._screen.say(f"Playbook run took {took}")

    def close(self) -> None:
        """Do nothing."""
