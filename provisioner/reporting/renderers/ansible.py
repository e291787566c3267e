"""The lines that ansible-playbook prints by default, for eyes and scripts that are used to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from provisioner.model.event import (
    Data,
    Event,
    HandlerOwed,
    ItemFinished,
    Noted,
    OperationFinished,
    OperationStarted,
    PlayFinished,
    PlayStarted,
    Retrying,
    RunFinished,
    RunStarted,
)
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.diff import coloured, diff_lines
from provisioner.reporting.renderer import Settings
from provisioner.reporting.result_text import DEBUG, NEVER_SHOWN, Form, arrow, dumped, is_always_shown, shown
from provisioner.reporting.screen import Screen
from provisioner.reporting.story import Story

FOR_ITSELF = frozenset({"free", "host_pinned"})
"""Strategies under which a task's headline is printed with its first result."""

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})
_COLOURS = {Status.OK: "green", Status.CHANGED: "yellow", Status.SKIPPED: "cyan"}
_WORDS = {Status.SKIPPED: "skipping", Status.OK: "ok", Status.CHANGED: "changed"}


class Renderer:
    """Prints as it hears. A task's header is printed again when results of tasks that overlap alternate."""

    def __init__(self, settings: Settings) -> None:
        self.story = Story()
        self._settings = settings
        self._display = settings.display
        self._screen = Screen(settings)
        self._form = Form(settings.display.result_format, settings.display.pretty, settings.verbosity)
        self._header = ""
        self._steered: set[tuple[str, str]] = set()
        self._included: dict[str, list[str]] = {}
        self._is_told = False

    def handle(self, event: Event) -> None:
        """Print what ``event`` has to say."""
        self.story.add(event)
        if self._included and not _goes_on_including(event, self._header):
            self._tell_included()
        match event:
            case RunStarted():
                self._run(event)
            case PlayStarted():
                self._play(event)
            case OperationStarted() if not event.ahead:
                self._begin(event)
            case ItemFinished():
                self._item(event)
            case OperationFinished() if event.status not in _UNSHOWN:
                self._operation(event)
            case Retrying():
                self._retrying(event)
            case Noted() | HandlerOwed():
                self._remark(event)
            case PlayFinished() if event.is_halted:
                for _ in range(2):  # as often as Ansible says so
                    self._screen.banner("NO MORE HOSTS LEFT")
            case RunFinished():
                self._end()
            case _:
                pass

    def close(self) -> None:
        """Print the recap of a run that broke off."""
        self._tell_included()
        if self.story.started is not None and not self._is_told:
            self._end()

    # ------------------------------------------------------------------ headlines

    def _run(self, event: RunStarted) -> None:
        self._tell_dry()
        if self._settings.verbosity >= 2:
            for path in event.playbooks:
                self._screen.banner(f"PLAYBOOK: {Path(path).name}")
            if "plays" in event.options:
                self._screen.say(f"{event.options['plays']} plays in {' '.join(event.playbooks)}")

    def _tell_dry(self) -> None:
        if self._display.check_mode_markers and self.story.started and self.story.started.options.get("check"):
            self._screen.banner("DRY RUN")

    def _play(self, event: PlayStarted) -> None:
        self._screen.banner(self._marked(f"PLAY [{(event.name or event.play).strip()}]", is_checking=event.check))
        self._header = ""
        if event.is_unmatched:
            self._screen.say("skipping: no hosts matched", "cyan")

    def _marked(self, text: str, *, is_checking: bool) -> str:
        return f"{text} [CHECK MODE]" if is_checking and self._display.check_mode_markers else text

    def _begin(self, event: OperationStarted) -> None:
        """Print the headline of a task, unless it may turn out that there is nothing to show below it."""
        play = self.story.plays.get(self.story.operation(event.operation).play)
        if self._display.skipped_hosts and self._display.ok_hosts and (play is None or play.strategy not in FOR_ITSELF):
            self._task(event.operation, event.host)
        self._screen.trace(f"<{event.host}> EXEC {self.story.operation(event.operation).action}", 3)
        if self._display.per_host_start:
            self._screen.say(f" [started TASK: {self.story.title(event.operation, event.host)} on {event.host}]")

    def _task(self, operation: str, host: str) -> None:
        """Print the headline of a task unless it is the one that was printed last."""
        planned = self.story.operation(operation)
        is_again = (operation, host) in self._steered if planned.action == "meta" else operation == self._header
        if is_again:
            return
        self._steered.add((operation, host))
        self._header = operation
        kind = "RUNNING HANDLER" if planned.is_handler else "TASK"
        self._screen.banner(self._marked(f"{kind} [{self.story.title(operation, host).strip()}]",
                                         is_checking=planned.check))  # fmt: skip
        if self._settings.verbosity >= 2:
            self._path(planned.where)

    def _path(self, where: str) -> None:
        if where:
            name, _, line = (where.rpartition(":")[0] or where).rpartition(":")
            self._screen.say(f"task path: {Path(name).absolute()}:{line}", "grey")

    # ------------------------------------------------------------------ results

    def _item(self, event: ItemFinished) -> None:
        planned = self.story.operation(event.operation)
        if planned.action in {"include_tasks", "include_role"} and event.status is not Status.SKIPPED:
            return
        if self._is_hidden(event.status):
            return
        self._task(event.operation, event.host)
        self._remarks(event.result)
        self._diff(event.operation, event.result)
        label = "None" if event.no_log else str(event.label)
        host = _target(event.host, event.result)
        if event.status.is_bad or event.status is Status.IGNORED:
            self._bad(f"failed: [{host}] (item={label})", event.result, planned.action)
            return
        gap = " " if event.status is Status.SKIPPED else ""
        text = f"{_word(event.status)}: [{host}] => (item={label}){gap}"
        self._result(event.status, text, event.result, planned.action)

    def _operation(self, event: OperationFinished) -> None:
        planned = self.story.operation(event.operation)
        if planned.action == "meta":
            self._meta(event)
            return
        is_loop = (isinstance(event.result.get("results"), (list, tuple)) and not event.no_log) or event.told_by_items
        if event.effects.get("includes") and event.status is Status.OK:
            self._include(event)
            return
        if self._is_hidden(event.status):
            return
        self._remarks(event.result)
        if event.status is Status.FAILED and event.result.get("reason") and event.effects.get("includes"):
            text = f"ERROR! {event.result['reason']}".rstrip("\n")
            self._screen.say(text, "red", is_error=True, level="ERROR")
        if not is_loop:
            self._task(event.operation, event.host)
            self._diff(event.operation, event.result)
        self._told(event, planned.action, is_loop=is_loop)

    def _told(self, event: OperationFinished, action: str, *, is_loop: bool) -> None:
        target = _target(event.host, event.result, event.delegated_to)
        match event.status:
            case Status.UNREACHABLE | Status.LOST:
                self._task(event.operation, event.host)
                self._bad(f"fatal: [{target}]: UNREACHABLE!", event.result, "")
            case Status.FAILED | Status.IGNORED:
                if not is_loop or action == DEBUG:
                    self._task(event.operation, event.host)
                    word = "UNREACHABLE!" if event.result.get("unreachable") else "FAILED!"
                    self._bad(f"fatal: [{target}]: {word}", event.result, action)
                if event.status is Status.IGNORED:
                    self._screen.say("...ignoring", "cyan")
            case _ if not is_loop or event.status is Status.SKIPPED:
                self._task(event.operation, event.host)
                result = {key: value for key, value in event.result.items() if key != "results"}
                self._result(event.status, f"{_word(event.status)}: [{target}]", result, action)
            case _:
                pass

    def _meta(self, event: OperationFinished) -> None:
        self._task(event.operation, event.host)
        said = event.result.get("skip_reason") or wording.message(event.result)
        if said and self._settings.verbosity >= 2:
            self._screen.say(f"META: {said}")
        if event.status is Status.SKIPPED:
            self._result(event.status, f"skipping: [{event.host}]", event.result, "meta")

    def _is_hidden(self, status: Status) -> bool:
        if status is Status.OK:
            return not self._display.ok_hosts
        return status is Status.SKIPPED and not self._display.skipped_hosts

    def _result(self, status: Status, text: str, result: Data, action: str) -> None:
        is_always = is_always_shown(result, action) and status is not Status.SKIPPED and "censored" not in result
        if is_always or (self._settings.verbosity >= 1 and action not in NEVER_SHOWN):
            text = self._with(text, result, action, is_always=is_always)
        self._screen.say(text, _COLOURS.get(status, ""))

    def _bad(self, text: str, result: Data, action: str) -> None:
        if self._display.path_on_failure and self._settings.verbosity < 2 and not text.startswith("failed:"):
            self._path(self.story.operation(self._header).where)
        is_judged = "failed_when_result" in result or "assertion" in result
        text = self._with(text, result, action, is_always=is_always_shown(result, action) and is_judged)
        self._screen.say(text, "red", is_error=self._display.failed_stderr)

    def _with(self, text: str, result: Data, action: str, *, is_always: bool) -> str:
        values = shown(result, action, self._settings.verbosity)
        return arrow(text, self._form) + dumped(values, self._form, is_always=is_always)

    def _diff(self, operation: str, result: Data) -> None:
        is_wanted = self._settings.diff or self.story.operation(operation).diff
        lines = list(diff_lines(result)) if is_wanted and result.get("changed") else []
        for line in lines:
            self._screen.say(coloured(line, self._screen.paint))
        if lines:
            self._screen.say("")

    # ------------------------------------------------------------------ includes

    def _include(self, event: OperationFinished) -> None:
        """Gather what was included: hosts that include the same are told of on one line."""
        self._task(event.operation, event.host)
        names = event.effects["includes"]
        labels = _labels(event.result)
        for number, name in enumerate(names if isinstance(names, (list, tuple)) else ()):
            label = f" => (item={labels[number]})" if number < len(labels) else ""
            hosts = self._included.setdefault(f"included: {name} for %s{label}", [])
            hosts.append(event.host)

    def _tell_included(self) -> None:
        for text, hosts in self._included.items():
            self._screen.say(text.replace("%s", ", ".join(hosts), 1), "cyan")
        self._included.clear()

    # ------------------------------------------------------------------ remarks and end

    def _retrying(self, event: Retrying) -> None:
        self._task(event.operation, event.host)
        title = self.story.title(event.operation, event.host)
        left = event.attempts - event.attempt
        self._screen.say(f"FAILED - RETRYING: [{event.host}]: {title} ({left} retries left).", "red")

    def _remarks(self, result: Data) -> None:
        for text in _texts(result.get("warnings")):
            self._screen.warn(text)
        for text in _texts(result.get("deprecations")):
            self._screen.deprecate(text)

    def _remark(self, event: Noted | HandlerOwed) -> None:
        if isinstance(event, Noted):
            self._screen.remark(event.severity, event.brief or event.text)

    def _end(self) -> None:
        self._is_told = True
        self._screen.banner("PLAY RECAP")
        for host, row in sorted(wording.final_stats(self.story).items()):
            self._screen.say(wording.recap_line(host, row, self._screen.paint))
        self._screen.say("")
        self._figures()
        self._tell_dry()

    def _figures(self) -> None:
        """Show what ``set_stats`` kept, where that is asked for."""
        figures = dict(self.story.finished.figures) if self.story.finished is not None else {}
        if not self._display.custom_stats or not figures:
            return
        self._screen.banner("CUSTOM STATS: ")
        whole = figures.pop("_run", None)
        for host, kept in sorted(figures.items()):
            self._screen.say(f"\t{host}: {json.dumps(kept, sort_keys=True, default=str)}")
        if whole is not None:
            self._screen.say(f"\tRUN: {json.dumps(whole, sort_keys=True, default=str)}")
        self._screen.say("")


def _goes_on_including(event: Event, header: str) -> bool:
    """Tell whether an event belongs to the include that is being gathered."""
    if isinstance(event, (OperationStarted, OperationFinished, ItemFinished)):
        return event.operation == header
    return False


def _labels(result: Data) -> list[str]:
    """Return the labels of the items that included something."""
    items = result.get("results")
    found = []
    for item in items if isinstance(items, (list, tuple)) else ():
        if isinstance(item, Mapping) and not item.get("skipped"):
            found.append(str(item.get("_ansible_item_label", item.get("item"))))
    return found


def _texts(value: object) -> list[str]:
    found = []
    for each in value if isinstance(value, (list, tuple)) else ():
        found.append(str(each.get("msg", each)) if isinstance(each, Mapping) else str(each))
    return found


def _target(host: str, result: Data, delegated_to: str = "") -> str:
    """Return the host, and where its work was delegated to if that is another one."""
    about = result.get("_ansible_delegated_vars")
    place = about if isinstance(about, Mapping) else {}
    name = place.get("ansible_delegated_host") or delegated_to
    if name in {"", host} or result.get("skipped"):
        return host
    address = place.get("ansible_host")
    return f"{host} -> {name}({address})" if address and address != name else f"{host} -> {name}"


def _word(status: Status) -> str:
    return _WORDS.get(status, status.value)
