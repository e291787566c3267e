"""The twenty slowest tasks at the end of a run: Ansible's callback ``profile_tasks``."""

from __future__ import annotations

from provisioner.model.event import Event, OperationFinished, OperationStarted, RunFinished
from provisioner.reporting.renderer import Settings
from provisioner.reporting.screen import Screen
from provisioner.reporting.story import Story

SHOWN = 20
WIDTH = 79


class Renderer:
    """Measures each task from its first start to its last end."""

    def __init__(self, settings: Settings) -> None:
        self._story = Story()
        self._screen = Screen(settings)
        self._spans: dict[str, tuple[float, float]] = {}
        self._names: dict[str, str] = {}

    def handle(self, event: Event) -> None:
        """Take in one event; print the list when the run ends."""
        self._story.add(event)
        match event:
            case OperationStarted() if self._story.operation(event.operation).action != "meta":
                first, last = self._spans.get(event.operation, (event.at, event.at))
                self._spans[event.operation] = min(first, event.at), last
                self._names.setdefault(event.operation, self._story.title(event.operation, event.host))
            case OperationFinished() if event.operation in self._spans:
                first, last = self._spans[event.operation]
                self._spans[event.operation] = first, max(last, event.at)
            case RunFinished():
                self._tell()
            case _:
                pass

    def close(self) -> None:
        """Do nothing."""

    def _tell(self) -> None:
        took = {operation: last - first for operation, (first, last) in self._spans.items()}
        self._screen.say("=" * WIDTH)
        for operation in sorted(took, key=lambda each: -took[each])[:SHOWN]:
            name, seconds = self._names[operation], f" {took[operation]:.2f}s"
            self._screen.say(f"{name} {'-' * max(3, WIDTH - len(name) - len(seconds) - 1)}{seconds}")
