"""Show when plays and migrations may start: the next openings of their windows, and the days a freeze takes away.

With --is-open the exit code tells whether all of them are open now: 0, or 6 where one is shut.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from provisioner.app.windows import Schedule, schedules
from provisioner.cli.options import add_variable_options, credentials_from, run_options
from provisioner.diagnostics.errors import Exit
from provisioner.migration.estimate import Estimate, judge
from provisioner.reporting.calendar_text import Entry, calendar_text
from provisioner.scheduling.windows import Opening
from provisioner.scheduling.wording import length, moment_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "names", nargs="+", metavar="FILE_OR_NAME",
        help="a playbook file, or the name of a play or migration in the playbooks of this folder or of playbooks/",
    )  # fmt: skip
    parser.add_argument("-n", "--count", type=int, default=5, metavar="N", help="show so many openings of each")
    parser.add_argument("--after", type=_moment, metavar="TIME", help="those after this moment (default: now)")
    parser.add_argument("--zone", metavar="ZONE", help="show times in this zone rather than in the window's own")
    parser.add_argument("--is-open", action="store_true", help="tell by the exit code whether all are open")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--ical", action="store_true", help="as an iCalendar file, without what is frozen")
    add_variable_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show; return the exit code."""
    credentials = credentials_from(arguments)
    after = arguments.after or datetime.now(UTC)
    found = schedules(arguments.names, run_options(arguments, credentials), credentials, after, arguments.count)
    if arguments.json:
        print(json.dumps([_as_data(each, after) for each in found], indent=2))
    elif arguments.ical:
        print(calendar_text([entry for each in found for entry in _entries(each)], after), end="")
    else:
        for each in found:
            _show(each, after, arguments.zone or "")
    return Exit.WINDOW_SHUT if arguments.is_open and any(each.open_now is None for each in found) else Exit.OK


def _show(schedule: Schedule, after: datetime, zone: str) -> None:
    print(f"{schedule.kind} '{schedule.name}' ({schedule.where})")
    now = schedule.open_now
    if now is not None:
        left = length((now.end - after).total_seconds())
        print(f"  open until {moment_text(now.end, zone or now.zone)}: {left} left")
    if schedule.move is not None:
        there, back = schedule.move.forward.p90, schedule.move.rollback.p90
        print(f"  moving takes {length(there)} and going back {length(back)}, nine times of ten")
    if not schedule.openings:
        print("  never opens again")
    for each in schedule.openings:
        start, end = (moment_text(at, zone or each.zone) for at in (each.start, each.end))
        print(f"  {start:<30} to {end:<30} {length(each.length_s):>10}  {_remark(each, after)}".rstrip())
        if schedule.move is not None and not each.frozen:
            print(f"    {_latest(each, schedule.move, zone)}")


def _remark(opening: Opening, after: datetime) -> str:
    remarks = [f"frozen: {why}" for why in opening.frozen]
    start, end = opening.local()
    if start.utcoffset() != end.utcoffset():
        remarks.append("the clock is changed within")
    if not opening.frozen:
        wait = (opening.start - after).total_seconds()
        remarks.insert(0, f"in {length(wait)}" if wait > 0 else "now")
    return "; ".join(remarks)


def _latest(opening: Opening, move: Estimate, zone: str) -> str:
    """Return the latest safe start in words."""
    verdict = judge(move, opening.start, (opening.start, opening.end))
    if verdict.late_s:
        return f"too short by {verdict.late_minutes} min to move and to go back"
    latest, deadline = (
        moment_text(at, zone or opening.zone) for at in (verdict.latest_start, verdict.rollback_deadline)
    )
    return f"start by {latest}; go back by {deadline}"


def _as_data(schedule: Schedule, after: datetime) -> dict[str, object]:
    now = schedule.open_now
    return {
        "kind": schedule.kind,
        "name": schedule.name,
        "where": schedule.where,
        "open": now is not None,
        "remaining_s": (now.end - after).total_seconds() if now is not None else 0,
        "openings": [_opening(each, schedule.move) for each in schedule.openings],
    }


def _opening(each: Opening, move: Estimate | None) -> dict[str, object]:
    start, end = each.local()
    found: dict[str, object] = {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "zone": each.zone,
        "length_s": each.length_s,
        "frozen": list(each.frozen),
    }
    if move is not None and not each.frozen:
        found["latest_start"] = move.latest_start(each.end).astimezone(start.tzinfo).isoformat()
        found["rollback_deadline"] = move.rollback_deadline(each.end).astimezone(start.tzinfo).isoformat()
    return found


def _entries(schedule: Schedule) -> list[Entry]:
    what = f"{schedule.kind} {schedule.name}"
    return [Entry(f"Window: {schedule.name}", each.start, each.end, f"{what} may start ({schedule.where})")
            for each in schedule.openings if not each.frozen]  # fmt: skip


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no moment: write 2026-11-28T22:00+01:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo("UTC"))
