"""One call of rsync: its options, its progress while it runs, and what it did, counted from its own log."""

import json
import os
import re
import time
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

PARTIAL = ".provisioner-partial"
FIRST_TOLD_S, TOLD_EVERY_S = 1.0, 2.0
LINK_BROKE = frozenset([5, 10, 12, 30, 35, 255])
"""rsync's exit codes when the connection could not be made or did not last (rsync(1), EXIT VALUES)."""
VANISHED = 24
PROGRESS = re.compile(rb"([\d,.]+)\s+(\d+)%\s+([\d.]+)([kMGT]?)B/s\s+(\d+):(\d\d):(\d\d)")
UNITS = {b"": 1, b"k": 1 << 10, b"M": 1 << 20, b"G": 1 << 30, b"T": 1 << 40}
ITEM = re.compile(r"(?:[<>ch.][fdLDS][^ ]{9} |\*deleting )")
NAMES = 100
LOG_START = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\d+\] ")
NUMBERS = {
    "total_files": re.compile(r"Number of files: \d+ \(reg: (\d+)"),
    "total_bytes": re.compile(r"Total file size: (\d+)"),
    "files": re.compile(r"Number of regular files transferred: (\d+)"),
    "sent": re.compile(r"Total bytes sent: (\d+)"),
    "received": re.compile(r"Total bytes received: (\d+)"),
}


class Wishes(NamedTuple):
    """How a tree is to be copied."""

    delete: bool
    throttle: int
    special: bool
    one_file_system: bool
    compress: bool
    checksum: bool
    patterns: List[str]
    timeout_s: int
    folder_times: bool = True


def options(wishes: Wishes, log: str) -> List[str]:
    """Return rsync's options: everything about a file is copied, and what is half there is kept for the next pass."""
    words = ["-aHAXS", "--numeric-ids", "--modify-window=-1", "--partial-dir=" + PARTIAL]
    words += ["-D" if wishes.special else "--no-D"]
    words += [] if wishes.folder_times else ["--omit-dir-times"]
    if wishes.delete:
        # what an interrupted pass left of a file that is gone since
        words += ["--filter=R %s/" % PARTIAL, "--delete-delay"]
    if wishes.throttle:
        words.append("--bwlimit=%d" % max(1, wishes.throttle // 1024))
    for wanted, word in ((wishes.one_file_system, "-x"), (wishes.compress, "-z"), (wishes.checksum, "-c")):
        if wanted:
            words.append(word)
    words += wishes.patterns
    return [*words, "--timeout=%d" % wishes.timeout_s, "--no-h", "--stats", "--log-file=" + log]


TRYING = ["--dry-run", "--out-format=%i %n"]
"""What a pass would do is said on the standard output: what it would delete is not logged."""
DOING = ["--info=progress2", "--outbuf=N", "--out-format=%i", "--log-file-format=%i %n"]
"""What a pass does is logged; changes of attributes alone are, only because the standard output has ``%i``, too."""


class Progress:
    """Hears rsync's progress; tells it now and then, and keeps the last in a file for who cannot hear."""

    def __init__(self, name: str, path: str, tell: Callable[[str, str], None]) -> None:
        self.name, self.path, self.tell = name, path, tell
        self.rest = b""
        self.began = time.monotonic()
        self.due = self.began + FIRST_TOLD_S

    def hear(self, stream: str, data: bytes) -> None:
        """Take output as it comes."""
        if stream != "stdout" or time.monotonic() < self.due:
            return
        found = PROGRESS.findall(self.rest + data)
        self.rest = data[-100:]
        if not found:
            return
        self.due = time.monotonic() + TOLD_EVERY_S
        said = figures(found[-1])
        with open(self.path, "w") as stream_out:
            json.dump(dict(said, at=time.time()), stream_out)
        self.tell("stdout", "%s: %s\n" % (self.name, sentence(said)))


def figures(found: Any) -> Dict[str, Any]:
    """Return what one line of rsync's progress says."""
    done, percent, rate, unit, hours, minutes, seconds = found
    return {
        "bytes": int(re.sub(rb"[,.]", b"", done)),
        "percent": int(percent),
        "rate": int(float(rate) * UNITS[unit]),
        "eta_s": int(hours) * 3600 + int(minutes) * 60 + int(seconds),
    }


def sentence(said: Dict[str, Any]) -> str:
    """Return progress in words."""
    minutes, seconds = divmod(said["eta_s"], 60)
    amounts = (said["percent"], said["bytes"] / 1e6, said["rate"] / 1e6, minutes, seconds)
    return "%d %%, %.1f MB copied, %.1f MB/s, %d:%02d to go" % amounts


class Done(NamedTuple):
    """What a call did."""

    changed: bool
    deleted: int
    numbers: Dict[str, int]
    names: List[str]


def done(said: Iterable[str]) -> Done:
    """Return what rsync's lines tell, be they said or logged."""
    numbers = dict.fromkeys(NUMBERS, 0)
    changes = deleted = 0
    names: List[str] = []
    for line in said:
        told = line.rstrip("\n")
        if LOG_START.match(told):
            told = told.partition("] ")[2]
        if ITEM.match(told):
            changes += 1
            deleted += told.startswith("*")
            if len(names) < NAMES:
                names.append(told)
            continue
        for name, pattern in NUMBERS.items():
            match = pattern.match(told)
            if match:
                numbers[name] = int(match.group(1))
    return Done(changes > 0, deleted, numbers, names)


def logged(path: str) -> Done:
    """Return what rsync's log tells."""
    if not os.path.exists(path):
        return done([])
    with open(path, encoding="utf-8", errors="surrogateescape") as stream:
        return done(stream)
