"""Each host's answer on one line: Ansible's callback ``oneline``, and what ``ansible --one-line`` prints."""

from __future__ import annotations

from provisioner.model.event import Event, Noted, OperationFinished
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.renderer import Settings
from provisioner.reporting.renderers.minimal import PREPARING, WITHOUT_JSON, WORDS, one_line
from provisioner.reporting.screen import Screen
from provisioner.reporting.story import Story


class Renderer:
    """Prints results only, newlines spelled out."""

    def __init__(self, settings: Settings) -> None:
        self._story = Story()
        self._settings = settings
        self._screen = Screen(settings)

    def handle(self, event: Event) -> None:
        """Print a result or a remark."""
        self._story.add(event)
        if isinstance(event, Noted):
            self._screen.remark(event.severity, event.brief or event.text)
        elif isinstance(event, OperationFinished) and event.status in WORDS:
            planned = self._story.operation(event.operation)
            if planned.action != "meta" and not (planned.action in PREPARING and not planned.where):
                self._screen.say(self._line(event, planned.action), WORDS[event.status][1])

    def close(self) -> None:
        """Do nothing: every line is out already."""

    def _line(self, event: OperationFinished, action: str) -> str:
        word = WORDS[event.status][0]
        head, result = f"{event.host} | {word}", event.result
        if event.status is Status.SKIPPED:
            return head
        if event.status in {Status.UNREACHABLE, Status.LOST}:
            return f"{head}: {wording.message(result)}"
        if action in WITHOUT_JSON and "stdout" in result and not event.status.is_bad:
            said = str(result.get("stdout") or "").replace("\n", "\\n").replace("\r", "\\r")
            err = str(result.get("stderr") or "").replace("\n", "\\n").replace("\r", "\\r")
            return f"{head} | rc={result.get('rc', -1)} | (stdout) {said}" + (f" (stderr) {err}" if err else "")
        return f"{head} => {one_line(result, action, self._settings.verbosity)}"
