"""What time it is on the host, in many spellings."""

import datetime
import time
from typing import Any, Dict

from ..system import System

SUBSET = "date_time"
FACTS = ()
MINIMAL = True
LOCAL = (
    ("year", "%Y"),
    ("month", "%m"),
    ("weekday", "%A"),
    ("weekday_number", "%w"),
    ("weeknumber", "%W"),
    ("day", "%d"),
    ("hour", "%H"),
    ("minute", "%M"),
    ("second", "%S"),
    ("date", "%Y-%m-%d"),
    ("time", "%H:%M:%S"),
    ("iso8601_basic", "%Y%m%dT%H%M%S%f"),
    ("iso8601_basic_short", "%Y%m%dT%H%M%S"),
    ("tz_offset", "%z"),
)


def collect(system: System) -> Dict[str, Any]:
    """Take one instant and spell it."""
    epoch = time.time()
    zone = datetime.timezone.utc
    here = datetime.datetime.fromtimestamp(epoch, zone).astimezone()
    there = datetime.datetime.fromtimestamp(epoch, zone)
    found = {name: here.strftime(spelling) for name, spelling in LOCAL}
    found.update(
        epoch=str(int(epoch)),
        epoch_int=str(int(epoch)),
        iso8601=there.strftime("%Y-%m-%dT%H:%M:%SZ"),
        iso8601_micro=there.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        tz=time.strftime("%Z"),
        tz_dst=time.tzname[1],
    )
    return {"date_time": found}
