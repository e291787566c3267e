"""One module on some hosts: each host's answer as a block, as the ansible command shows it."""

from __future__ import annotations

import json
import sys

from provisioner.model.event import Event, Noted, OperationFinished
from provisioner.model.status import Status
from provisioner.reporting.diff import coloured, diff_lines
from provisioner.reporting.paint import STATUS_COLOURS, Paint
from provisioner.reporting.renderer import Settings
from provisioner.reporting.story import Story

WORDS = {
    Status.OK: "SUCCESS",
    Status.CHANGED: "CHANGED",
    Status.SKIPPED: "SKIPPED",
    Status.FAILED: "FAILED!",
    Status.IGNORED: "FAILED!",
    Status.UNREACHABLE: "UNREACHABLE!",
    Status.LOST: "UNREACHABLE!",
}

PREPARING = frozenset({"meta", "setup", "gather_facts"})


class Renderer:
    """Prints results only."""

    def __init__(self, settings: Settings) -> None:
        self._story = Story()
        self._settings = settings
        self._stream = settings.stream or sys.stdout
        self._paint = Paint(is_coloured=settings.is_coloured)

    def handle(self, event: Event) -> None:
        """Print a result or a remark."""
        self._story.add(event)
        if isinstance(event, Noted):
            self._say(self._paint(f"{event.severity}: {event.text}", "purple"))
        elif isinstance(event, OperationFinished) and event.status in WORDS and self._is_asked(event.operation):
            self._result(event)

    def close(self) -> None:
        """Do nothing: every line is out already."""

    def _is_asked(self, operation: str) -> bool:
        """Tell whether this is the module asked for, not one that came before it."""
        return len(self._story.operations) <= 1 or self._story.operation(operation).action not in PREPARING

    def _result(self, event: OperationFinished) -> None:
        result = event.result
        if self._settings.diff:
            for line in diff_lines(result):
                self._say(coloured(line, self._paint))
        word = WORDS[event.status].rstrip("!" if "rc" in result and "stdout" in result else "")
        head = f"{event.host} | {word}"
        if "rc" in result and "stdout" in result:
            text = f"{head} | rc={result['rc']} >>\n{result['stdout']}"
            for more in (result.get("stderr"), result.get("msg")):
                text = f"{text}\n{more}" if more else text
        else:
            shown = {key: value for key, value in result.items() if key not in {"invocation", "diff"}}
            text = f"{head} => {json.dumps(shown, indent=4, sort_keys=True, ensure_ascii=False, default=str)}"
        self._say(self._paint(text.rstrip("\n"), STATUS_COLOURS.get(event.status, "")))

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()
