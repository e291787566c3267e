"""Which spans a window means, above all in the two nights a year in which the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.model.window import Days, Recurrence, Repeated, Rule, Window, YearlyDays
from provisioner.scheduling import windows
from provisioner.scheduling.clocks import moment, on_the_wall, zone_of
from provisioner.scheduling.windows import Opening

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
HOUR = 3600.0


def cron(text: str, zone: str = BERLIN, hours: float = 1, *freezes: object) -> Window:
    return Window((Rule(Recurrence("cron", text, zone, hours * HOUR), freezes),))  # type: ignore[arg-type]


def rrule(text: str, start: str, zone: str = BERLIN, hours: float = 1) -> Window:
    return Window((Rule(Recurrence("rrule", text, zone, hours * HOUR, datetime.fromisoformat(start))),))


def dates(start: str, end: str, zone: str = BERLIN) -> Window:
    both = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return Window((Rule(Recurrence("dates", "", zone, 0.0, *both)),))


def calendar(*events: str, zone: str = "", summary: str = "") -> Recurrence:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{number}@x\r\nDTSTAMP:20260101T000000Z\r\n{event}\r\nEND:VEVENT\r\n"
                   for number, event in enumerate(events))  # fmt: skip
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n".replace(" | ", "\r\n")
    return Recurrence("calendar", text, zone, summary=summary, file="holidays.ics")


def at(text: str, zone: str = "UTC") -> datetime:
    return moment(datetime.fromisoformat(text), zone)


def shown(found: list[Opening] | object, count: int = 3) -> list[str]:
    return [f"{o.local()[0]:%d. %H:%M %Z} - {o.local()[1]:%d. %H:%M %Z}" for o in islice(found, count)]  # type: ignore[call-overload]


# ---------------------------------------------------------------- the nights of clock change


NIGHTLY = [
    pytest.param(cron("30 2 * * *"), id="cron"),
    pytest.param(rrule("FREQ=DAILY", "2026-01-01T02:30"), id="rrule"),
    pytest.param(
        Window((Rule(calendar("DTSTART;TZID=Europe/Berlin:20260101T023000 | DURATION:PT1H | RRULE:FREQ=DAILY")),)),
        id="calendar",
    ),
]


@pytest.mark.parametrize("window", NIGHTLY)
def test_a_time_that_does_not_exist_means_as_long_after_midnight_as_on_other_days(window: Window) -> None:
    found = list(islice(windows.openings(window, at("2026-03-28T00:00Z")), 3))
    assert [o.start.isoformat() for o in found] == [
        "2026-03-28T01:30:00+00:00", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("window", NIGHTLY[:2])
def test_the_missing_half_past_two_opens_at_half_past_three(window: Window) -> None:
    assert shown(windows.openings(window, at("2026-03-28T00:00Z"))) == [
        "28. 02:30 CET - 28. 03:30 CET", "29. 03:30 CEST - 29. 04:30 CEST", "30. 02:30 CEST - 30. 03:30 CEST",
    ]  # fmt: skip


@pytest.mark.parametrize("window", NIGHTLY[:2])
def test_a_time_that_comes_twice_opens_once_and_lasts_an_hour_of_the_stopwatch(window: Window) -> None:
    assert shown(windows.openings(window, at("2026-10-24T00:00Z"))) == [
        "24. 02:30 CEST - 24. 03:30 CEST", "25. 02:30 CEST - 25. 02:30 CET", "26. 02:30 CET - 26. 03:30 CET",
    ]  # fmt: skip


def test_new_york_changes_on_its_own_nights() -> None:
    assert shown(windows.openings(cron("30 2 * * *", NEW_YORK), at("2026-03-07T05:00Z"))) == [
        "07. 02:30 EST - 07. 03:30 EST", "08. 03:30 EDT - 08. 04:30 EDT", "09. 02:30 EDT - 09. 03:30 EDT",
    ]  # fmt: skip
    assert shown(windows.openings(cron("30 1 * * *", NEW_YORK), at("2026-10-31T04:00Z"))) == [
        "31. 01:30 EDT - 31. 02:30 EDT", "01. 01:30 EDT - 01. 01:30 EST", "02. 01:30 EST - 02. 02:30 EST",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "closes"),
    [("2026-03-28", "29. 03:00 CEST"), ("2026-10-24", "25. 02:00 CEST"), ("2026-11-28", "29. 02:00 CET")],
)
def test_four_hours_are_four_hours_through_a_changed_clock(day: str, closes: str) -> None:
    (opening,) = islice(windows.openings(cron("0 22 * * sat", hours=4), at(f"{day}T00:00Z")), 1)
    assert opening.length_s == 4 * HOUR
    assert f"{opening.local()[1]:%d. %H:%M %Z}" == closes


def test_every_half_hour_follows_elapsed_time_through_both_nights() -> None:
    window = cron("*/30 * * * *", hours=0.25)
    for night in ("2026-03-29", "2026-10-25"):
        found = list(islice(windows.openings(window, at(f"{night}T00:00", BERLIN)), 12))
        assert {later.start - earlier.start for earlier, later in pairwise(found)} == {timedelta(minutes=30)}


def test_two_times_that_mean_the_same_moment_open_once() -> None:
    found = islice(windows.spans(cron("30 2,3 * * *", hours=0.5), at("2026-03-29T00:00Z")), 2)
    assert shown(found) == ["29. 03:30 CEST - 29. 04:00 CEST", "30. 02:30 CEST - 30. 03:00 CEST"]


def test_a_missing_time_later_than_one_that_exists_is_still_in_order() -> None:
    union = Window((*cron("45 2 * * *", hours=0.1).rules, *cron("15 3 * * *", hours=0.1).rules))
    found = list(islice(windows.openings(union, at("2026-03-29T00:00Z")), 3))
    assert [f"{o.local()[0]:%H:%M}" for o in found] == ["03:15", "03:45", "02:45"]


# ---------------------------------------------------------------- open, shut, remaining


def test_the_first_moment_is_inside_and_the_last_is_not() -> None:
    window = dates("2026-11-28 22:00", "2026-11-29 02:00")
    assert windows.open_at(window, at("2026-11-28T20:59:59Z")) is None
    assert windows.open_at(window, at("2026-11-28T21:00:00Z")) is not None
    assert windows.open_at(window, at("2026-11-29T00:59:59Z")) is not None
    assert windows.open_at(window, at("2026-11-29T01:00:00Z")) is None


def test_what_remains_is_told_in_seconds() -> None:
    window = dates("2026-11-28 22:00", "2026-11-29 02:00")
    assert windows.remaining_s(window, at("2026-11-29T00:30:00Z")) == 1800
    assert windows.remaining_s(window, at("2026-11-29T01:30:00Z")) == 0


def test_the_next_opening_is_not_the_one_that_is_open() -> None:
    window = cron("0 22 * * sat", hours=4)
    now = at("2026-11-28T22:00Z")
    following = windows.next_opening(window, now)
    assert following is not None
    assert following.start == at("2026-12-05T21:00Z")


def test_a_window_that_is_over_never_opens_again() -> None:
    window = dates("2026-11-28 22:00", "2026-11-29 02:00")
    assert windows.next_opening(window, at("2026-12-01T00:00Z")) is None
    assert windows.agenda(window, at("2026-12-01T00:00Z"), 3) == []


def test_offsets_that_are_written_count() -> None:
    window = dates("2026-11-28T22:00+03:00", "2026-11-28T23:00+03:00", "")
    assert windows.open_at(window, at("2026-11-28T19:30Z")) is not None


def test_spans_of_several_rules_that_touch_are_one_opening() -> None:
    union = Window(
        (*dates("2026-11-28 22:00", "2026-11-29 00:00").rules, *dates("2026-11-29 00:00", "2026-11-29 02:00").rules)
    )
    (opening,) = windows.openings(union, at("2026-11-28T00:00Z"))
    assert opening.length_s == 4 * HOUR


def test_a_window_that_never_shuts_is_answered_in_time() -> None:
    opening = windows.open_at(cron("* * * * *", hours=1), at("2026-11-28T00:00Z"))
    assert opening is not None
    assert opening.length_s > 24 * HOUR


def test_a_rule_until_a_moment_in_utc_ends_there() -> None:
    window = rrule("FREQ=DAILY;UNTIL=20260103T013000Z", "2026-01-01T02:30")
    assert len(list(windows.openings(window, at("2026-01-01T00:00Z")))) == 3


def test_the_second_saturday_of_each_month() -> None:
    window = rrule("RRULE:FREQ=MONTHLY;BYDAY=2SA;COUNT=3", "2026-01-01T22:00", hours=4)
    assert shown(windows.openings(window, at("2026-01-01T00:00Z")), 9) == [
        "10. 22:00 CET - 11. 02:00 CET", "14. 22:00 CET - 15. 02:00 CET", "14. 22:00 CET - 15. 02:00 CET",
    ]  # fmt: skip


# ---------------------------------------------------------------- freezes


def frozen(window: Window, after: str, count: int = 2) -> list[tuple[str, tuple[str, ...]]]:
    return [(f"{o.local()[0]:%Y-%m-%d}", o.frozen) for o in windows.agenda(window, at(after), count)]


def test_a_span_that_touches_a_frozen_day_is_left_out_as_a_whole() -> None:
    window = cron("0 22 * * *", BERLIN, 4, Days(date(2026, 12, 24), date(2026, 12, 24)))
    assert frozen(window, "2026-12-22T12:00Z") == [
        ("2026-12-22", ()), ("2026-12-23", ("2026-12-24",)), ("2026-12-24", ("2026-12-24",)), ("2026-12-25", ()),
    ]  # fmt: skip


def test_frozen_days_are_days_of_the_windows_zone() -> None:
    days = Days(date(2026, 7, 4), date(2026, 7, 4), "Independence Day")
    window = cron("0 22 * * *", NEW_YORK, 1, days)
    assert windows.open_at(window, at("2026-07-05T02:30Z")) is None
    assert windows.open_at(window, at("2026-07-06T02:30Z")) is not None


def test_the_turn_of_the_year_freezes_each_year() -> None:
    window = cron("0 22 * * sat", BERLIN, 1, YearlyDays((12, 20), (1, 6), "year end"))
    names = [why for _, why in frozen(window, "2026-12-20T12:00Z", 1) if why]
    assert names == [("year end (2026-12-20 to 2027-01-06)",)] * 2
    assert windows.open_at(window, at("2031-01-04T21:30Z")) is None
    assert windows.open_at(window, at("2031-01-11T21:30Z")) is not None


def test_a_leap_day_freezes_the_28th_in_other_years() -> None:
    window = cron("0 12 * * *", "UTC", 1, YearlyDays((2, 29), (2, 29)))
    assert windows.open_at(window, at("2027-02-28T12:30Z")) is None
    assert windows.open_at(window, at("2028-02-28T12:30Z")) is not None
    assert windows.open_at(window, at("2028-02-29T12:30Z")) is None


def test_a_calendar_of_holidays_freezes_with_the_holidays_name() -> None:
    holidays = calendar("DTSTART;VALUE=DATE:20261225 | DTEND;VALUE=DATE:20261227 | SUMMARY:Christmas", zone=BERLIN)
    window = cron("0 22 * * sat", BERLIN, 1, Repeated(holidays))
    assert frozen(window, "2026-12-24T00:00Z", 1) == [("2026-12-26", ("Christmas",)), ("2027-01-02", ())]


def test_a_frozen_span_has_its_reason() -> None:
    both = datetime.fromisoformat("2026-12-26T20:00"), datetime.fromisoformat("2026-12-26T23:00")
    window = cron("0 22 * * sat", BERLIN, 1, Repeated(Recurrence("dates", "", BERLIN, 0.0, *both), "audit"))
    assert frozen(window, "2026-12-24T00:00Z", 1)[0] == ("2026-12-26", ("audit",))


def test_a_window_frozen_for_ever_does_not_hang() -> None:
    window = cron("0 22 * * sat", BERLIN, 1, Days(date(2026, 1, 1), date(2099, 1, 1), "closed"))
    assert windows.next_opening(window, at("2026-11-28T00:00Z")) is None
    assert windows.agenda(window, at("2026-11-28T00:00Z"), 1)[0].frozen == ("closed (2026-01-01 to 2099-01-01)",)


# ---------------------------------------------------------------- calendars


def test_events_are_chosen_by_summary_and_cancelled_ones_do_not_count() -> None:
    found = calendar(
        "DTSTART:20261128T210000Z | DTEND:20261129T010000Z | SUMMARY:Web maintenance",
        "DTSTART:20261130T210000Z | DTEND:20261201T010000Z | SUMMARY:Web maintenance | STATUS:CANCELLED",
        "DTSTART:20261128T100000Z | DTEND:20261128T110000Z | SUMMARY:Lunch",
        summary="web*",
    )  # fmt: skip
    openings = list(windows.openings(Window((Rule(found),)), at("2026-11-01T00:00Z")))
    assert [o.start for o in openings] == [at("2026-11-28T21:00Z")]


def test_whole_days_and_floating_times_count_in_the_windows_zone() -> None:
    found = calendar(
        "DTSTART;VALUE=DATE:20260329 | SUMMARY:All day", "DTSTART:20260401T220000 | DURATION:PT2H", zone=BERLIN
    )
    openings = list(windows.openings(Window((Rule(found),)), at("2026-03-01T00:00Z")))
    assert [(o.start, o.length_s / HOUR) for o in openings] == [
        (at("2026-03-28T23:00Z"), 23),
        (at("2026-04-01T20:00Z"), 2),
    ]


def test_a_single_event_of_a_calendar_ends_when_it_says_so_in_the_night_of_the_change() -> None:
    found = calendar("DTSTART;TZID=Europe/Berlin:20260328T220000 | DTEND;TZID=Europe/Berlin:20260329T040000")
    (opening,) = windows.openings(Window((Rule(found),)), at("2026-03-01T00:00Z"))
    assert opening.length_s == 5 * HOUR


def test_an_event_that_comes_again_lasts_as_long_in_the_night_of_the_change() -> None:
    weekly = "DTSTART;TZID=Europe/Berlin:20260321T220000 | DTEND;TZID=Europe/Berlin:20260322T040000 | RRULE:FREQ=WEEKLY"
    found = windows.openings(Window((Rule(calendar(weekly)),)), at("2026-03-28T00:00Z"))
    assert next(found).length_s == 6 * HOUR


def test_an_excepted_date_of_a_calendar_is_left_out() -> None:
    found = calendar("DTSTART:20261101T220000Z | DURATION:PT1H | RRULE:FREQ=WEEKLY;COUNT=3 | EXDATE:20261108T220000Z")
    openings = windows.openings(Window((Rule(found),)), at("2026-10-01T00:00Z"))
    assert [o.start.day for o in openings] == [1, 15]


# ---------------------------------------------------------------- always


ZONES = st.sampled_from(
    [BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo"]
)
MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@settings(max_examples=60, deadline=None)
@given(
    ZONES,
    MOMENTS,
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(["*", "1-5", "sat", "sun#2"]),
    st.integers(1, 40),
)
def test_openings_are_in_order_and_never_overlap(
    zone: str, now: datetime, minute: int, hour: int, day: str, hours: int
) -> None:
    found = list(islice(windows.openings(cron(f"{minute} {hour} * * {day}", zone, hours), now), 6))
    assert all(o.end > now and o.start < o.end for o in found)
    assert all(earlier.end < later.start for earlier, later in pairwise(found))


@settings(max_examples=60, deadline=None)
@given(ZONES, MOMENTS, st.integers(0, 59), st.integers(0, 23))
def test_a_nightly_window_opens_once_a_day_as_long_after_midnight_as_the_wall_says_or_the_gap_later(
    zone: str, now: datetime, minute: int, hour: int
) -> None:
    for each in islice(windows.spans(cron(f"{minute} {hour} * * *", zone, 0.5), now), 5):
        assert each.length_s == 1800
        wall = on_the_wall(each.start, zone)
        written = wall.replace(hour=hour, minute=minute)
        is_real = (
            written.replace(tzinfo=zone_of(zone)).astimezone(UTC).astimezone(zone_of(zone)).replace(tzinfo=None)
            == written
        )
        assert (wall == written) or not is_real or wall.date() != written.date()


@settings(max_examples=60, deadline=None)
@given(ZONES, MOMENTS, st.integers(0, 23), st.integers(1, 30))
def test_being_open_agrees_with_the_list_of_openings(zone: str, now: datetime, hour: int, hours: int) -> None:
    window = cron(f"15 {hour} * * 2,4", zone, hours)
    opening, first = windows.open_at(window, now), next(windows.openings(window, now))
    assert (opening is not None) == (first.start <= now)
    assert windows.remaining_s(window, now) == ((first.end - now).total_seconds() if opening else 0)
    following = windows.next_opening(window, now)
    assert following is not None
    assert following.start > now
    assert windows.open_at(window, following.start) is not None


@settings(max_examples=40, deadline=None)
@given(MOMENTS, st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 40))
def test_nothing_is_open_on_a_frozen_day(now: datetime, first: date, days: int) -> None:
    freeze = Days(first, first + timedelta(days=days))
    window = cron("0 */6 * * *", NEW_YORK, 3, freeze)
    for each in islice(windows.openings(window, now), 5):
        start, end = each.local()
        assert end.replace(tzinfo=None) <= datetime.combine(first, datetime.min.time()) or start.date() > freeze.last
