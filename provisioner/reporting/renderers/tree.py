"""A file for each host with its latest result as JSON: Ansible's callback ``tree``, and ``ansible --tree``."""

from __future__ import annotations

import json
from pathlib import Path

from provisioner.model.event import Event, OperationFinished
from provisioner.model.status import Status
from provisioner.reporting.renderer import Settings
from provisioner.reporting.result_text import shown
from provisioner.reporting.story import Story

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})


class Renderer:
    """Writes into the folder ``settings.path``."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.path or Path("~/.ansible/tree").expanduser()
        self._verbosity = settings.verbosity
        self._story = Story()

    def handle(self, event: Event) -> None:
        """Write a result."""
        self._story.add(event)
        if isinstance(event, OperationFinished) and event.status not in _UNSHOWN:
            action = self._story.operation(event.operation).action
            if action == "meta":
                return
            values = shown(event.result, action, self._verbosity)
            self._folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
            (self._folder / event.host.replace("/", "_")).write_text(text + "\n", encoding="utf-8")

    def close(self) -> None:
        """Do nothing: every file is written already."""
