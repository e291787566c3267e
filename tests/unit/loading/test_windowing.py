"""A window is read with everything that is wrong in it, at its place, before any host is touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.model.play import Play, Playbook
from provisioner.model.window import Days, Recurrence, Repeated, YearlyDays

Load = Callable[..., tuple[Playbook, Findings]]
Mistakes = Callable[..., list[str]]

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1@x
DTSTAMP:20260101T000000Z
DTSTART:{start}
DURATION:PT4H
SUMMARY:Web maintenance
END:VEVENT
END:VCALENDAR
"""


def playbook(window: str) -> str:
    return f"- hosts: all\n  window: {window}\n  tasks: []\n"


def recurrence(play: Play) -> Recurrence:
    assert play.window is not None
    (rule,) = play.window.rules
    return rule.recurrence


def test_a_cron_window_with_all_kinds_of_freezes(good_play: Callable[..., Play]) -> None:
    play = good_play(
        "- hosts: all\n"
        "  window:\n"
        "    cron: 0 22 * * sat\n"
        "    duration: 1h 30m\n"
        "    zone: Europe/Berlin\n"
        "    except:\n"
        "      - 2026-12-24\n"
        "      - 05-01\n"
        "      - {from: 2026-12-20, to: 2027-01-06, why: year end}\n"
        "      - {from: 12-20, to: 01-06}\n"
        "      - {from: 2026-12-01 08:00, to: 2026-12-01 12:00}\n"
        "      - {calendar: holidays.ics, summary: web*}\n",
        {"holidays.ics": ICS.format(start="20261128T210000Z")},
    )
    assert play.window is not None
    assert play.window.position is not None
    assert play.window.position.line == 2
    assert recurrence(play) == Recurrence("cron", "0 22 * * sat", "Europe/Berlin", 5400.0)
    freezes = play.window.rules[0].freezes
    assert freezes[:4] == (
        Days(date(2026, 12, 24), date(2026, 12, 24)),
        YearlyDays((5, 1), (5, 1)),
        Days(date(2026, 12, 20), date(2027, 1, 6), "year end"),
        YearlyDays((12, 20), (1, 6)),
    )
    span, holidays = freezes[4:]
    assert isinstance(span, Repeated)
    assert span.recurrence.start == datetime.fromisoformat("2026-12-01T08:00")
    assert isinstance(holidays, Repeated)
    assert (holidays.recurrence.zone, holidays.recurrence.summary) == ("Europe/Berlin", "web*")


@pytest.mark.parametrize(
    ("window", "kind"),
    [
        ("{rrule: FREQ=MONTHLY;BYDAY=2SA, start: 2026-01-03 22:00, duration: 4h, zone: UTC}", "rrule"),
        ("{rrule: 'RRULE:FREQ=DAILY', start: 2026-01-03, duration: 2d, zone: UTC}", "rrule"),
        ("{from: 2026-11-28 22:00, until: 2026-11-29 02:00, zone: Europe/Berlin}", "dates"),
        ("{from: 2026-11-28T22:00:00+01:00, until: 2026-11-29T02:00:00Z}", "dates"),
        ("{from: 2026-11-28T22:00+01:00, until: 2026-11-29T02:00Z}", "dates"),
        ("{calendar: web.ics}", "calendar"),
        ("{calendar: web.ics, summary: '*MAINT*'}", "calendar"),
    ],
)
def test_every_form_is_read(good_play: Callable[..., Play], window: str, kind: str) -> None:
    play = good_play(playbook(window), {"web.ics": ICS.format(start="20261128T210000Z")})
    assert recurrence(play).kind == kind


def test_a_list_is_a_union(good_play: Callable[..., Play]) -> None:
    one = "{cron: 0 22 * * sat, duration: 4h, zone: UTC}"
    play = good_play(playbook(f"[{one}, {one}]"))
    assert play.window is not None
    assert len(play.window.rules) == 2


def test_a_window_can_stand_in_a_file_of_its_own(good_play: Callable[..., Play]) -> None:
    play = good_play(
        playbook("plans/nights.yml"), {"plans/nights.yml": "cron: 0 22 * * sat\nduration: 4h\nzone: UTC\n"}
    )
    assert recurrence(play).text == "0 22 * * sat"


def test_a_mistake_in_a_shared_window_is_shown_there(mistakes: Mistakes) -> None:
    found = mistakes(playbook("nights.yml"), {"nights.yml": "cron: 0 22 * * sat\nduration: soon\nzone: UTC\n"})
    assert found == ["nights.yml:2:11: 'soon' is no duration of a window (for example 4h, 90m or 1h 30m)"]


NEEDS_ZONE = "the window must say in which time zone its times count (add 'zone', for example Europe/Berlin or UTC)"


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ("5", "site.yml:2:3: a window must be a mapping or a list of them, not a number (for example "),
        ("[]", "site.yml:2:3: a window must have at least one rule"),
        ("{duration: 4h}", "site.yml:2:12: a window says nothing of when it opens (give one of cron, rrule, "),
        (
            "{cronn: 0 1 * * *, duration: 4h}",
            "site.yml:2:12: a window says nothing of when it opens (did you mean 'cron'?)",
        ),
        ("{cron: 0 1 * * *, rrule: x}", "site.yml:2:12: a window cannot have 'cron' and 'rrule' together"),
        (
            "{cron: 0 1 * * *, duration: 1h, zone: UTC, start: x}",
            "site.yml:2:54: unknown key 'start' of a window by 'cron'",
        ),
        ("{cron: 0 1 * * *, duration: 1h}", f"site.yml:2:12: {NEEDS_ZONE}"),
        (
            "{cron: 0 1 * * *, duration: 1h, zone: Europe/Berlim}",
            "site.yml:2:49: there is no time zone 'Europe/Berlim' (did you mean 'Europe/Berlin'?)",
        ),
        ("{cron: 0 1 * * *, duration: 1h, zone: 1}", "site.yml:2:43: there is no time zone '1'"),
        ("{cron: 0 1 * * *, zone: UTC}", "site.yml:2:12: the window must say how long it is open (add 'duration', "),
        ("{cron: 0 1 * * *, zone: UTC, duration: 4}", "site.yml:2:40: '4' is no duration of a window"),
        ("{cron: 0 1 * * *, zone: UTC, duration: 4 apples}", "site.yml:2:50: '4 apples' is no duration of a window"),
        (
            "{cron: 0 1 * *, zone: UTC, duration: 4h}",
            "site.yml:2:18: 'cron' of the window, '0 1 * *', is wrong: a cron expression has five",
        ),
        (
            "{cron: 0 25 * * *, zone: UTC, duration: 4h}",
            "site.yml:2:18: 'cron' of the window, '0 25 * * *', is wrong: bad hour",
        ),
        (
            "{cron: 0 2 30 2 *, zone: UTC, duration: 4h}",
            "site.yml:2:18: 'cron' of the window, '0 2 30 2 *', is wrong: bad day-of-month",
        ),
        ("{rrule: FREQ=DAILY, zone: UTC, duration: 4h}", "site.yml:2:12: a window by 'rrule' needs 'start'"),
        (
            "{rrule: FREQ=HOURLY, start: 2026-01-01, zone: UTC, duration: 4h}",
            "'rrule' of the window, 'FREQ=HOURLY', is wrong: FREQ must be one",
        ),
        (
            "{rrule: FREQ=DAILY;BYDAY=XX, start: 2026-01-01, zone: UTC, duration: 4h}",
            "'rrule' of the window, 'FREQ=DAILY;BYDAY=XX', is wrong: ",
        ),
        (
            "{rrule: FREQ=DAILY, start: later, zone: UTC, duration: 4h}",
            "site.yml:2:38: 'start' must be a day with a time, not 'later'",
        ),
        ("{from: 2026-11-28 22:00, zone: UTC}", "site.yml:2:12: a window with 'from' needs 'until'"),
        (
            "{from: 2026-11-28 22:00, until: 2026-11-28 21:00, zone: UTC}",
            "'from' of the window, '2026-11-28 22:00', is wrong: it ends before it begins",
        ),
        ("{from: 2026-11-28 22:00, until: 2026-11-29 02:00}", NEEDS_ZONE),
        ("{calendar: none.ics}", "site.yml:2:22: cannot read none.ics: No such file or directory"),
        ("{calendar: site.yml}", "site.yml:2:22: the calendar site.yml is wrong: "),
        (
            "{calendar: web.ics}",
            "the calendar web.ics is wrong: event 'Web maintenance' names no time zone: give 'zone'",
        ),
        ("{calendar: web.ics, summary: mail*, zone: UTC}", "no event of it fits 'mail*'; there are: Web maintenance"),
        (
            "{cron: 0 1 * * *, duration: 1h, zone: UTC, except: [someday]}",
            "site.yml:2:63: 'someday' is no day (write 2026-12-24, ",
        ),
        ("{cron: 0 1 * * *, duration: 1h, zone: UTC, except: [13-40]}", "'13-40' is no day"),
        (
            "{cron: 0 1 * * *, duration: 1h, zone: UTC, except: [{from: 2026-12-24}]}",
            "a freeze is a day, {from: ..., to: ...} or",
        ),
        (
            "{cron: 0 1 * * *, duration: 1h, zone: UTC, except: [{from: 2026-12-24, to: 2026-12-20}]}",
            "ends before it begins",
        ),
        (
            "{cron: 0 1 * * *, duration: 1h, zone: UTC, except: [{from: 1-1, to: 1-2, wy: x}]}",
            "unknown key 'wy' of a freeze (did you mean 'why'?)",
        ),
        ("{cron: 0 1 * * *, duration: 1h, zone: UTC, except: [{calendar: none.ics}]}", "cannot read none.ics"),
        (
            "'{{ nights }}'",
            "site.yml:2:3: 'window' must be plain: when a play may start is known before any variable is (to share",
        ),
        ("nights.yml", "site.yml:2:11: the file of the window, 'nights.yml', does not exist"),
    ],
)
def test_a_wrong_window_is_refused_with_its_place(mistakes: Mistakes, window: str, told: str) -> None:
    found = mistakes(playbook(window), {"web.ics": ICS.format(start="20261128T210000")})
    assert len(found) == 1, found
    assert told in found[0]


def test_several_mistakes_are_told_at_once(mistakes: Mistakes) -> None:
    assert len(mistakes(playbook("{cron: 0 1 * * *, duration: x, zone: y, except: [z]}"))) == 3


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("{command: 'true', window: {cron: 0 1 * * *}}", "'window' belongs to a play or a migration, not to a task"),
        ("{block: [{command: 'true'}], window: x}", "'window' belongs to a play or a migration, not to a block"),
    ],
)
def test_only_plays_and_migrations_have_windows(mistakes: Mistakes, task: str, told: str) -> None:
    found = mistakes(f"- hosts: all\n  tasks:\n    - {task}\n")
    assert any(told in each for each in found), found


def test_libraries_of_windows_are_imported_only_where_one_is_used(tmp_path: object) -> None:
    import subprocess
    import sys

    program = (
        "import sys; from provisioner.loading.playbook import load_play_text; import provisioner.app.run; "
        "wanted = ('cronsim', 'dateutil', 'icalendar', 'recurring_ical_events', 'zoneinfo'); "
        "print([name for name in wanted if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
