"""Reads ``window``: when a play or migration may start. What is wrong with it is known before any host is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from importlib import import_module

from provisioner import catalog
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.files import is_file, read_source, shown
from provisioner.loading.reading import Reading, is_template, kind_of
from provisioner.model.window import Days, Freeze, Recurrence, Repeated, Rule, Window, YearlyDays
from provisioner.records import dataclass

KINDS = {
    "cron": frozenset({"cron", "duration", "zone", "except"}),
    "rrule": frozenset({"rrule", "start", "duration", "zone", "except"}),
    "calendar": frozenset({"calendar", "summary", "zone", "except"}),
    "from": frozenset({"from", "until", "zone", "except"}),
}
"""What a rule may say, by the key that tells its kind."""

KEYS = frozenset().union(*KINDS.values())
FREEZE_KEYS = frozenset({"from", "to", "why", "calendar", "summary"})
FORM = 'for example {cron: "0 22 * * sat", duration: 4h, zone: Europe/Berlin}'
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_YEARLY = re.compile(r"(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule stands: its position for values that carry none, its zone, and who reads."""

    at: Position | None
    zone: str
    reading: Reading

    def error(self, summary: str, value: object = None, hint: str = "") -> None:
        self.reading.error(summary, position_of(value) or self.at, hint=hint)


def read_window(key: str, value: object, reading: Reading) -> Window | None:
    """Return the window written behind ``key``; None with errors recorded where it is wrong.

    A text is the path of a file that holds one, so that several playbooks can share it.
    """
    at = position_of(key) or position_of(value)
    if is_template(value):
        reading.error("'window' must be plain: when a play may start is known before any variable is", at,
                      hint="to share it between playbooks, name a file: 'window: maintenance.yml'")  # fmt: skip
        return None
    if isinstance(value, str):
        path = reading.path(value)
        if not is_file(path):
            reading.error(f"the file of the window, '{value}', does not exist", value,
                          detail=f"looked for {shown(path)}", hint=FORM)  # fmt: skip
            return None
        reading = reading.inside(path)
        value = reading.document(path)
        at = position_of(value) or at
    before = len(reading.findings.errors)
    written = value if isinstance(value, list) else [value]
    if not written:
        reading.error("a window must have at least one rule", at, hint=FORM)
    rules = [rule for each in written if (rule := _rule(each, at, reading)) is not None]
    return Window(tuple(rules), at) if rules and len(reading.findings.errors) == before else None


def _rule(written: object, at: Position | None, reading: Reading) -> Rule | None:
    if not isinstance(written, dict):
        reading.error(f"a window must be a mapping or a list of them, not {kind_of(written)}",
                      position_of(written) or at, hint=FORM)  # fmt: skip
        return None
    at = position_of(written) or at
    kind = _kind(written, at, reading)
    if kind is None:
        return None
    before = len(reading.findings.errors)
    place = _Place(at, _zone(written, at, reading), reading)
    recurrence = _READERS[kind](written, place)
    freezes = _freezes(written.get("except"), replace(place, at=_at(written, "except") or at))
    if recurrence is None or len(reading.findings.errors) > before:
        return None
    found = [(kind, recurrence), *(("except", each.recurrence) for each in freezes if isinstance(each, Repeated))]
    good = [_check(each, key, written, place) for key, each in found]
    return Rule(recurrence, freezes) if all(good) else None


def _kind(written: Mapping[str, object], at: Position | None, reading: Reading) -> str | None:
    """Return the key that tells the kind of a rule; None with an error where there is not exactly one."""
    kinds = [key for key in KINDS if key in written]
    if len(kinds) != 1:
        said = (
            "says nothing of when it opens" if not kinds else f"cannot have {' and '.join(map(repr, kinds))} together"
        )
        unknown = next((key for key in written if key not in KEYS), "")
        reading.error(f"a window {said}", at,
                      hint=nearest(str(unknown), KINDS) or "give one of cron, rrule, calendar, from")  # fmt: skip
        return None
    for key in written:
        if key not in KINDS[kinds[0]]:
            reading.unknown_key(key, f"window by '{kinds[0]}'", KINDS[kinds[0]])
    return kinds[0]


def _check(recurrence: Recurrence, key: str, written: Mapping[str, object], place: _Place) -> bool:
    """Ask the recurrence itself whether it can be carried out."""
    try:
        catalog.load("recurrence", recurrence.kind).check(recurrence)
    except ValueError as error:
        value = f", '{written[key]}'," if isinstance(written[key], str) else ""
        what = f"the calendar {recurrence.file}" if recurrence.file else f"'{key}' of the window{value}"
        said = str(error).strip().rstrip(".") or "it cannot be read"
        place.error(f"{what} is wrong: {said}", written[key] if position_of(written[key]) else _key(written, key))
        return False
    return True


def _cron(written: Mapping[str, object], place: _Place) -> Recurrence | None:
    text, length = _text(written, "cron", place), _duration(written, place)
    _need_zone(written, place)
    return Recurrence("cron", text, place.zone, length) if text and length else None


def _rrule(written: Mapping[str, object], place: _Place) -> Recurrence | None:
    text, length = _text(written, "rrule", place), _duration(written, place)
    _need_zone(written, place)
    if "start" not in written:
        place.error("a window by 'rrule' needs 'start'", hint="the first day and time: 'start: 2026-01-03 22:00'")
        return None
    start = _moment(written, "start", place)
    return Recurrence("rrule", text, place.zone, length, start) if text and length and start is not None else None


def _calendar(written: Mapping[str, object], place: _Place) -> Recurrence | None:
    summary = _text(written, "summary", place) if "summary" in written else ""
    return _calendar_file(written, summary, place)


def _dates(written: Mapping[str, object], place: _Place) -> Recurrence | None:
    if "until" not in written:
        place.error("a window with 'from' needs 'until'", _key(written, "from"))
        return None
    start, end = _moment(written, "from", place), _moment(written, "until", place)
    if start is None or end is None:
        return None
    if start.tzinfo is None or end.tzinfo is None:
        _need_zone(written, place)
    return Recurrence("dates", "", place.zone, 0.0, start, end)


_READERS: Mapping[str, Callable[[Mapping[str, object], _Place], Recurrence | None]] = {
    "cron": _cron,
    "rrule": _rrule,
    "calendar": _calendar,
    "from": _dates,
}


def _calendar_file(written: Mapping[str, object], summary: str, place: _Place) -> Recurrence | None:
    name = _text(written, "calendar", place)
    if not name:
        return None
    path = place.reading.path(name)
    try:
        text = read_source(path).text
    except InputError as error:
        place.error(error.diagnostics[0].summary, name)
        return None
    return Recurrence("calendar", text, place.zone, summary=summary, file=shown(path))


def _freezes(written: object, place: _Place) -> tuple[Freeze, ...]:
    if written is None:
        return ()
    items = written if isinstance(written, list) else [written]
    return tuple(freeze for each in items if (freeze := _freeze(each, place)) is not None)


def _freeze(written: object, place: _Place) -> Freeze | None:
    if not isinstance(written, dict):
        return _days(written, written, "", place)
    for key in written:
        if key not in FREEZE_KEYS:
            place.reading.unknown_key(key, "freeze", FREEZE_KEYS)
    why = _text(written, "why", place) if "why" in written else ""
    if ("calendar" in written) == ("from" in written) or ("from" in written) != ("to" in written):
        place.error("a freeze is a day, {from: ..., to: ...} or {calendar: FILE}", written)
        return None
    if "calendar" in written:
        summary = _text(written, "summary", place) if "summary" in written else ""
        found = _calendar_file(written, summary, place)
        return Repeated(found, why) if found is not None else None
    first, last = written["from"], written["to"]
    if _is_day(first) and _is_day(last):
        return _days(first, last, why, place)
    start, end = _moment(written, "from", place), _moment(written, "to", place)
    if start is None or end is None:
        return None
    return Repeated(Recurrence("dates", "", place.zone or "UTC", 0.0, start, end), why)


def _is_day(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= 10 and ":" not in value
    return isinstance(value, date) and not isinstance(value, datetime)


def _days(first: object, last: object, why: str, place: _Place) -> Freeze | None:
    yearly = [_YEARLY.fullmatch(each) if isinstance(each, str) else None for each in (first, last)]
    if yearly[0] and yearly[1]:
        ends = [(int(match[1]), int(match[2])) for match in yearly if match]
        if all(_day(f"2028-{month:02}-{day:02}") for month, day in ends):  # a year that has all days
            return YearlyDays(ends[0], ends[1], why)
    days = [each if type(each) is date else _day(each) for each in (first, last)]
    if days[0] is None or days[1] is None:
        wrong = first if days[0] is None else last
        place.error(f"'{wrong}' is no day", wrong, hint="write 2026-12-24, or 12-24 for every year")
        return None
    if days[1] < days[0]:
        place.error(f"the freeze from {first} to {last} ends before it begins", last)
        return None
    return Days(days[0], days[1], why)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _moment(written: Mapping[str, object], key: str, place: _Place) -> datetime | None:
    """Return a day with a time; without an offset it counts in the window's zone."""
    value = written[key]
    if isinstance(value, datetime):
        return value
    if type(value) is date:
        return datetime.combine(value, time())
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return found.astimezone(UTC) if found.tzinfo is not None else found
    at = value if position_of(value) else _key(written, key)
    place.error(f"'{key}' must be a day with a time, not '{value}'", at, hint="for example 2026-11-28 22:00")
    return None


def _duration(written: Mapping[str, object], place: _Place) -> float:
    """Return how long a span lasts, in elapsed seconds; 0 with an error where it does not say."""
    hint = "for example 4h, 90m or 1h 30m"
    if "duration" not in written:
        place.error("the window must say how long it is open", hint=f"add 'duration', {hint}")
        return 0.0
    value = written["duration"]
    text = value.strip() if isinstance(value, str) else ""
    parts = _PART.findall(text)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not parts or _PART.sub("", text).strip() or not seconds:
        at = value if position_of(value) else _key(written, "duration")
        place.error(f"'{value}' is no duration of a window", at, hint=hint)
        return 0.0
    return seconds


def _zone(written: Mapping[str, object], at: Position | None, reading: Reading) -> str:
    """Return the zone's name, nothing where none is given or it is wrong."""
    value = written.get("zone")
    if value is None:
        return ""
    zones = import_module("zoneinfo")  # a large import, hence by name and only where there is a window
    try:
        zones.ZoneInfo(value if isinstance(value, str) else "")
    except (KeyError, ValueError, OSError):
        hint = nearest(str(value), zones.available_timezones()) or "zones have names such as Europe/Berlin or UTC"
        reading.error(f"there is no time zone '{value}'", position_of(value) or _at(written, "zone") or at, hint=hint)
        return ""
    return str(value)


def _need_zone(written: Mapping[str, object], place: _Place) -> None:
    if written.get("zone") is None:
        place.error("the window must say in which time zone its times count",
                    hint="add 'zone', for example Europe/Berlin or UTC")  # fmt: skip


def _text(written: Mapping[str, object], key: str, place: _Place) -> str:
    value = written[key]
    if isinstance(value, str) and value.strip():
        return value
    place.error(f"'{key}' of a window must be a string, not {kind_of(value)}", _key(written, key))
    return ""


def _key(written: Mapping[str, object], name: str) -> str:
    """Return the key as it was written, which knows its place."""
    return next((each for each in written if each == name), name)


def _at(written: Mapping[str, object], name: str) -> Position | None:
    return position_of(_key(written, name))
