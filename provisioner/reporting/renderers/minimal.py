"""Each host's answer as a block, and nothing else: what the ansible command prints, and its callback ``minimal``."""

from __future__ import annotations

import json

from provisioner.model.event import Data, Event, HandlerOwed, ItemFinished, Noted, OperationFinished
from provisioner.model.status import Status
from provisioner.reporting.diff import coloured, diff_lines
from provisioner.reporting.renderer import Settings
from provisioner.reporting.result_text import Form, arrow, dumped, shown
from provisioner.reporting.screen import Screen
from provisioner.reporting.story import Story

WITHOUT_JSON = frozenset({"command", "shell", "raw", "win_command", "win_shell"})
"""Modules whose output is shown as it is."""

WORDS = {
    Status.OK: ("SUCCESS", "green"),
    Status.CHANGED: ("CHANGED", "yellow"),
    Status.FAILED: ("FAILED!", "red"),
    Status.IGNORED: ("FAILED!", "red"),
    Status.SKIPPED: ("SKIPPED", "cyan"),
    Status.UNREACHABLE: ("UNREACHABLE!", "red"),
    Status.LOST: ("UNREACHABLE!", "red"),
}
PREPARING = frozenset({"setup", "gather_facts"})


class Renderer:
    """Prints results only."""

    def __init__(self, settings: Settings) -> None:
        self._story = Story()
        self._settings = settings
        self._screen = Screen(settings)
        self._form = Form(settings.display.result_format, settings.display.pretty, settings.verbosity)

    def handle(self, event: Event) -> None:
        """Print a result or a remark."""
        self._story.add(event)
        match event:
            case Noted():
                self._screen.remark(event.severity, event.brief or event.text)
            case OperationFinished() if event.status in WORDS and self._is_asked(event):
                self._result(event)
            case ItemFinished() | HandlerOwed():
                pass
            case _:
                pass

    def close(self) -> None:
        """Do nothing: every line is out already."""

    def _is_asked(self, event: OperationFinished) -> bool:
        """Tell whether this is a result to show, not that of a step before it."""
        planned = self._story.operation(event.operation)
        return planned.action != "meta" and not (planned.action in PREPARING and not planned.where)

    def _result(self, event: OperationFinished) -> None:
        for text in _texts(event.result.get("warnings")):
            self._screen.warn(text)
        lines = list(diff_lines(event.result)) if event.result.get("changed") else []
        for line in lines:
            self._screen.say(coloured(line, self._screen.paint))
        if lines:
            self._screen.say("")
        action = self._story.operation(event.operation).action
        word, colour = WORDS[event.status]
        self._screen.say(self._block(event, word, action), colour)

    def _block(self, event: OperationFinished, word: str, action: str) -> str:
        if event.status is Status.SKIPPED:
            return f"{event.host} | {word}"
        if action in WITHOUT_JSON and "rc" in event.result and "ansible_job_id" not in event.result:
            return plain_block(event.host, word.rstrip("!"), event.result)
        pretty = True if self._form.pretty is None else self._form.pretty
        form = Form(self._form.style, pretty, self._form.verbosity)
        return arrow(f"{event.host} | {word}", form) + dumped(shown(event.result, action, form.verbosity), form)


def plain_block(host: str, word: str, result: Data) -> str:
    """Return the output of a command below its return code."""
    said = "".join(str(result.get(key) or "") for key in ("stdout", "stderr", "msg"))
    return f"{host} | {word} | rc={result['rc']} >>\n{said}"


def one_line(result: Data, action: str, verbosity: int) -> str:
    """Return a result as JSON on one line."""
    values = shown(result, action, verbosity)
    return json.dumps(values, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ": "))


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []
