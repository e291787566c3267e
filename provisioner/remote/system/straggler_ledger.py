"""Who still asks a server that has moved: what the kernel counts, kept across changes of the rules and restarts."""

import json
import socket
import time
from typing import Any, Dict, List, NamedTuple, Optional

from .system import System

KEEP_S = 400 * 86400
BOOT = "/proc/sys/kernel/random/boot_id"
SETS = ("first4", "last4", "first6", "last6")


class Entry(NamedTuple):
    """One client of one port: how many connections it has begun, and when the first and the last (since 1970)."""

    connections: int
    first: float
    last: float


Entries = Dict[str, Entry]


def from_kernel(sets: List[Dict[str, Any]], now: float) -> Entries:
    """Return what the sets of a table hold, by ``address port``."""
    first: Dict[str, float] = {}
    last: Dict[str, Any] = {}
    for each in sets:
        for element in each.get("elem") or []:
            told = element.get("elem") or {}
            address, _, port = (told.get("val") or {}).get("concat") or ("", "", "")
            seen = now - (KEEP_S - float(told.get("expires", KEEP_S)))
            key = "%s %s" % (address, port)
            if each["name"].startswith("first"):
                first[key] = seen
            else:
                last[key] = (int((told.get("counter") or {}).get("packets", 1)), seen)
    return {key: Entry(count, min(first.get(key, seen), seen), seen) for key, (count, seen) in last.items()}


def merged(one: Entries, other: Entries) -> Entries:
    """Return both as one."""
    found = dict(one)
    for key, entry in other.items():
        found[key] = _added(found[key], entry) if key in found else entry
    return found


def _added(one: Entry, two: Entry) -> Entry:
    return Entry(one.connections + two.connections, min(one.first, two.first), max(one.last, two.last))


class Ledger:
    """The ledger's file: what was counted before this kernel started or its rules were made, and what it counted since.

    A ``dump`` beside it is what the kernel had when the host was last shut down. Where nothing ``counts`` any more,
    what was last kept of its count is all there is.
    """

    def __init__(self, system: System, folder: str, counts: bool = True) -> None:
        self.system, self.folder, self.counts = system, folder, counts
        self.path, self.dump = folder + "/ledger.json", folder + "/at-shutdown.json"
        told = self._load(self.path)
        self.since = float(told.get("since", 0.0))
        self.boot = str(told.get("boot", ""))
        self._before = _entries(told.get("before"))
        self._counted = _entries(told.get("counted"))

    def _load(self, path: str) -> Dict[str, Any]:
        try:
            told = json.loads((self.system.files.read_or_none(path) or b"{}").decode())
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def before(self) -> Entries:
        """Return what was counted before this start of the host."""
        if self.boot in ("", self.boot_now()):
            return self._before if self.counts else merged(self._before, self._counted)
        counted, status = self._counted, self.system.files.stat(self.dump)
        if status is not None:
            sets = [each["set"] for each in self._load(self.dump).get("nftables", []) if "set" in each]
            counted = from_kernel(sets, status.st_mtime) or counted
        return merged(self._before, counted)

    def boot_now(self) -> str:
        """Return the name of this start of the host."""
        return (self.system.files.read_or_none(BOOT) or b"?").decode().strip()

    def total(self, counted: Entries) -> Entries:
        """Return everything, with what the kernel tells now."""
        return merged(self.before(), counted)

    def save(self, counted: Entries, *, closed: bool = False) -> None:
        """Keep it; ``closed``: the kernel's own count ends here."""
        before = merged(self.before(), counted) if closed else self.before()
        told = {
            "since": self.since or time.time(),
            "boot": self.boot_now(),
            "before": _plain(before),
            "counted": {} if closed else _plain(counted),
        }
        for made in self.system.files.makedirs(self.folder, 0o700):
            self.system.files.chmod(made, 0o700)
        self.system.files.write(self.path, json.dumps(told, sort_keys=True).encode(), mode=0o600)
        self.system.files.remove(self.dump)


def _entries(told: Any) -> Entries:
    return {key: Entry(*value) for key, value in told.items()} if isinstance(told, dict) else {}


def _plain(entries: Entries) -> Dict[str, List[float]]:
    return {key: list(entry) for key, entry in entries.items()}


def listed(entries: Entries, names: bool) -> List[Dict[str, Any]]:
    """Return the entries as results show them, the latest first; ``names`` looks up what the addresses are called."""
    found = []
    for key, entry in sorted(entries.items(), key=lambda item: -item[1].last):
        address, _, port = key.partition(" ")
        told = {
            "address": address,
            "port": int(port),
            "connections": entry.connections,
            "first_seen": _moment(entry.first),
            "last_seen": _moment(entry.last),
        }
        found.append(dict(told, name=_name(address)) if names else told)
    return found


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _name(address: str) -> Optional[str]:
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None
