"""The lines that ansible-playbook prints by default, for eyes and scripts that are used to them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from provisioner.model.event import (
    Data,
    Event,
    HandlerOwed,
    ItemFinished,
    Noted,
    OperationFinished,
    OperationStarted,
    PlayStarted,
    Retrying,
    RunFinished,
)
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.diff import coloured, diff_lines
from provisioner.reporting.paint import Paint
from provisioner.reporting.renderer import Settings
from provisioner.reporting.story import Story

SHORTEST_STARS = 3
ALWAYS_SHOWN = frozenset({"debug", "assert"})

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})
_COLOURS = {Status.OK: "green", Status.CHANGED: "yellow", Status.SKIPPED: "cyan"}


class Renderer:
    """Prints as it hears. A task's header is printed again when results of tasks that overlap alternate."""

    def __init__(self, settings: Settings) -> None:
        self.story = Story()
        self._settings = settings
        self._stream = settings.stream or sys.stdout
        self._paint = Paint(is_coloured=settings.is_coloured)
        self._header = ""
        self._is_told = False

    def handle(self, event: Event) -> None:
        """Print what ``event`` has to say."""
        self.story.add(event)
        match event:
            case PlayStarted():
                self._banner(f"PLAY [{event.name or event.play}]")
                self._header = ""
                if not event.hosts:
                    self._say(self._paint("skipping: no hosts matched", "cyan"))
            case OperationStarted() if not event.ahead:
                self._task(event.operation, event.host)
            case ItemFinished():
                self._task(event.operation, event.host)
                self._item(event)
            case OperationFinished() if event.status not in _UNSHOWN:
                self._operation(event)
            case Retrying():
                self._task(event.operation, event.host)
                title = self.story.title(event.operation, event.host)
                left = event.attempts - event.attempt
                self._say(self._paint(f"FAILED - RETRYING: [{event.host}]: {title} ({left} retries left).", "red"))
            case Noted():
                self._say(self._paint(f"[{event.severity.upper()}]: {event.text}", "purple"))
            case RunFinished():
                self._end()
            case _:
                self._owed(event)

    def close(self) -> None:
        """Print the recap of a run that broke off."""
        if self.story.started is not None and not self._is_told:
            self._end()

    def _owed(self, event: Event) -> None:
        if isinstance(event, HandlerOwed):
            title = self.story.title(event.handler, event.host)
            self._say(self._paint(f"[WARNING]: handler {title} was not run on {event.host}: {event.because}", "purple"))

    def _task(self, operation: str, host: str) -> None:
        """Print the header of a task unless it is the one that was printed last."""
        planned = self.story.operation(operation)
        if planned.action == "meta" or operation == self._header:
            return
        self._header = operation
        kind = "RUNNING HANDLER" if planned.is_handler else "TASK"
        self._banner(f"{kind} [{self.story.title(operation, host)}]")
        if self._settings.verbosity >= 2 and planned.where:
            self._say(f"task path: {planned.where}")

    def _item(self, event: ItemFinished) -> None:
        label = wording.label_text(event.label)
        if event.status.is_bad:
            self._say(self._paint(f"failed: [{event.host}] (item={label}) => {_json(_shown(event.result))}", "red"))
        else:
            action = self.story.operation(event.operation).action
            gap = " " if event.status is Status.SKIPPED else ""
            text = f"{_word(event.status)}: [{event.host}] => (item={label}){gap}"
            self._result(event.status, text, event.result, action)
        self._diff(event.result)

    def _operation(self, event: OperationFinished) -> None:
        planned = self.story.operation(event.operation)
        if planned.action == "meta":
            return
        self._task(event.operation, event.host)
        target = _target(event)
        is_loop = isinstance(event.result.get("results"), (list, tuple)) and event.status is not Status.SKIPPED
        if not is_loop:
            self._diff(event.result)
        match event.status:
            case Status.UNREACHABLE | Status.LOST:
                self._say(self._paint(f"fatal: [{target}]: UNREACHABLE! => {_json(_shown(event.result))}", "red"))
            case Status.FAILED | Status.IGNORED:
                if not is_loop:
                    self._say(self._paint(f"fatal: [{target}]: FAILED! => {_json(_shown(event.result))}", "red"))
                if event.status is Status.IGNORED:
                    self._say(self._paint("...ignoring", "cyan"))
            case Status.OK if event.effects.get("includes"):
                for name in event.effects["includes"]:  # type: ignore[attr-defined]
                    self._say(self._paint(f"included: {name} for {event.host}", "cyan"))
            case _ if not is_loop:
                self._result(event.status, f"{_word(event.status)}: [{target}]", event.result, planned.action)
            case _:
                pass

    def _result(self, status: Status, text: str, result: Data, action: str) -> None:
        if action in ALWAYS_SHOWN and status is not Status.SKIPPED:
            shown = _quiet(result) if action == "debug" else _shown(result)
            text += f" => {json.dumps(shown, indent=4, sort_keys=True, ensure_ascii=False, default=str)}"
        elif self._settings.verbosity >= 1:
            text += f" => {_json(_shown(result))}"
        self._say(self._paint(text, _COLOURS.get(status, "")))

    def _diff(self, result: Data) -> None:
        lines = list(diff_lines(result)) if self._settings.diff else []
        for line in lines:
            self._say(coloured(line, self._paint))
        if lines:
            self._say("")

    def _end(self) -> None:
        self._is_told = True
        self._banner("PLAY RECAP")
        for host, row in wording.final_stats(self.story).items():
            self._say(wording.recap_line(host, row, self._paint))
        self._say("")

    def _banner(self, text: str) -> None:
        stars = "*" * max(SHORTEST_STARS, self._settings.width - len(text))
        self._say(f"\n{text} {stars}")

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _target(event: OperationFinished) -> str:
    """Return the host, and where its work was delegated to if that is another one."""
    if event.status is Status.SKIPPED or event.delegated_to in {"", event.host}:
        return event.host
    return f"{event.host} -> {event.delegated_to}"


def _word(status: Status) -> str:
    return {Status.SKIPPED: "skipping", Status.OK: "ok", Status.CHANGED: "changed"}.get(status, status.value)


def _shown(result: Data) -> Mapping[str, object]:
    hidden = {"invocation", "diff", "failed", "skipped"}
    return {key: value for key, value in result.items() if key not in hidden and not key.startswith("_ansible")}


def _quiet(result: Data) -> Mapping[str, object]:
    return {key: value for key, value in _shown(result).items() if key not in {"changed", "item", "ansible_loop_var"}}


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
