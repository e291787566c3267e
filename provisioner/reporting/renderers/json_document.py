"""The whole run as one JSON document when it ends: what Ansible's callback ``json`` prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

from provisioner.model.event import Event, Noted, OperationFinished, OperationStarted, PlayStarted
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.renderer import Settings
from provisioner.reporting.screen import Screen
from provisioner.reporting.story import Story

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})


class Renderer:
    """Gathers plays, tasks and results and prints them when closed."""

    def __init__(self, settings: Settings) -> None:
        self._story = Story()
        self._screen = Screen(settings)
        self._plays: list[dict[str, object]] = []
        self._tasks: dict[str, dict[str, object]] = {}

    def handle(self, event: Event) -> None:
        """Take in one event."""
        self._story.add(event)
        match event:
            case PlayStarted():
                named = {"name": event.name, "id": event.play, "duration": {"start": _stamp(event.at)}}
                self._plays.append({"play": named, "tasks": []})
            case OperationStarted():
                self._task(event.operation, event.host, event.at)
            case OperationFinished() if event.status not in _UNSHOWN:
                self._result(event)
            case Noted() if event.severity != "pause":
                self._screen.remark(event.severity, event.brief or event.text)
            case _:
                pass

    def close(self) -> None:
        """Print the document."""
        stats = {}
        for host, row in sorted(wording.final_stats(self._story).items()):
            counts = asdict(row)
            stats[host] = {**counts, "failures": counts.pop("failed")}
            stats[host].pop("failed", None)
        document = {
            "plays": self._plays,
            "stats": stats,
            "custom_stats": {},
            "global_custom_stats": {},
        }
        self._screen.say(json.dumps(document, indent=4, sort_keys=True, ensure_ascii=False, default=str))

    def _task(self, operation: str, host: str, at: float) -> dict[str, object]:
        if operation not in self._tasks:
            planned = self._story.operation(operation)
            path = planned.where.rpartition(":")[0]
            named = {"name": self._story.title(operation, host), "id": operation, "path": path,
                     "duration": {"start": _stamp(at)}}  # fmt: skip
            entry: dict[str, object] = {"task": named, "hosts": {}}
            self._tasks[operation] = entry
            tasks = self._plays[-1]["tasks"] if self._plays else []
            if isinstance(tasks, list) and planned.action != "meta":
                tasks.append(entry)
        return self._tasks[operation]

    def _result(self, event: OperationFinished) -> None:
        entry = self._task(event.operation, event.host, event.at - event.seconds)
        action = self._story.operation(event.operation).action
        kept = {key: value for key, value in event.result.items() if not key.startswith("_ansible")}
        hosts, named = entry["hosts"], entry["task"]
        if isinstance(hosts, dict):
            hosts[event.host] = {**kept, "action": action}
        if isinstance(named, dict):
            named["duration"] = {**named["duration"], "end": _stamp(event.at)}


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
