"""A JUnit report for CI systems: a suite for each host, a case for each operation and each check."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from provisioner.model.event import CheckFinished, Event, OperationFinished
from provisioner.model.status import Status
from provisioner.reporting import wording
from provisioner.reporting.renderer import Settings
from provisioner.reporting.story import Story

_UNSHOWN = frozenset({Status.BYPASSED, Status.NOT_RUN})
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Renderer:
    """Gathers results and writes the file when closed."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.path
        self._story = Story()
        self._cases: dict[str, list[Element]] = {}

    def handle(self, event: Event) -> None:
        """Take in one event."""
        self._story.add(event)
        if isinstance(event, OperationFinished) and event.status not in _UNSHOWN:
            if self._story.operation(event.operation).action != "meta":
                self._cases.setdefault(event.host, []).append(self._operation(event))
        elif isinstance(event, CheckFinished):
            self._cases.setdefault(event.host, []).append(_check(event))

    def close(self) -> None:
        """Write the report; nothing is written of a run that never began."""
        if self._story.started is None or self._path is None:
            return
        root = Element("testsuites", name=f"provisioner {self._story.started.run}")
        stamp = datetime.fromtimestamp(self._story.started.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        for host, cases in sorted(self._cases.items()):
            suite = SubElement(root, "testsuite", name=_clean(host), timestamp=stamp, tests=str(len(cases)))
            suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
            suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
            suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
            suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
            suite.extend(cases)
        indent(root)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree(root).write(self._path, encoding="utf-8", xml_declaration=True)

    def _operation(self, event: OperationFinished) -> Element:
        planned = self._story.operation(event.operation)
        play = self._story.plays.get(planned.play)
        title = self._story.title(event.operation, event.host)
        case = _case(title, play.name if play else "", planned.where, event.seconds)
        match event.status:
            case Status.FAILED if not event.effects.get("rescued"):
                _explain(case, "failure", wording.message(event.result), wording.failure_details(event.result))
            case Status.UNREACHABLE | Status.LOST:
                _explain(case, "error", wording.message(event.result), wording.failure_details(event.result))
            case Status.SKIPPED:
                SubElement(case, "skipped", message=_clean(str(event.result.get("skip_reason", ""))))
            case _:
                SubElement(case, "system-out").text = wording.label(event.status)
        return case


def _check(event: CheckFinished) -> Element:
    case = _case(f"check: {event.check}", "verify", event.where, event.seconds)
    if not event.passed:
        lines = (f"expected: {event.expected}", f"actual: {event.actual}")
        _explain(case, "failure", f"expected {event.expected}", lines)
    return case


def _case(name: str, group: str, where: str, seconds: float) -> Element:
    path, _, rest = where.partition(":")
    case = Element("testcase", name=_clean(name), classname=_clean(group), time=f"{seconds:.3f}")
    if path:
        case.set("file", _clean(path))
    if line := rest.partition(":")[0]:
        case.set("line", line)
    return case


def _explain(case: Element, kind: str, message: str, lines: object) -> None:
    node = SubElement(case, kind, message=_clean(message.partition("\n")[0]))
    node.text = _clean("\n".join([case.get("file", ""), *lines]))  # type: ignore[misc]


def _clean(text: str) -> str:
    """Return ``text`` without characters that XML cannot hold."""
    return _UNPRINTABLE.sub("?", text)
