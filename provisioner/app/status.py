"""What is known of hosts: which run is on them now, how they were seen last, what they are owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.diagnostics.errors import InputError, nearest
from provisioner.journal.ledger import Known, is_living, ledger
from provisioner.journal.places import FILE, runs_dir
from provisioner.journal.replay import ends, replay
from provisioner.model.event import PlayStarted


@dataclass(frozen=True, slots=True)
class HostStatus:
    """One host; ``working`` are the runs of this user that are on it now."""

    name: str
    known: Known
    working: tuple[str, ...]


def status(names: tuple[str, ...], environ: Mapping[str, str]) -> list[HostStatus]:
    """Return the status of the named hosts, or of all that runs have worked on; InputError for a name never seen."""
    with ledger(environ) as book:
        hosts = dict(book.hosts)
    working = _working(environ)
    everyone = sorted({*hosts, *working})
    for name in names:
        if name not in everyone:
            raise InputError.at(None, f"no run on record has worked on '{name}'", hint=nearest(name, everyone))
    return [HostStatus(name, hosts.get(name, Known()), tuple(working.get(name, ()))) for name in names or everyone]


def waive(host: str, handler: str | None, environ: Mapping[str, str]) -> int:
    """Forget a handler a host is owed, or all of them; InputError where it is owed no such thing."""
    with ledger(environ) as book:
        known = book.hosts.get(host)
        owed = [each.handler for each in known.owed] if known else []
        count = book.waive(host, handler)
    if not count:
        what = f"no handler '{handler}'" if handler else "nothing"
        raise InputError.at(None, f"{host} is owed {what}", hint=nearest(handler or "", owed))
    return count


def _working(environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the hosts of runs that go on just now."""
    found: dict[str, list[str]] = {}
    for path in runs_dir(environ).glob(f"*/{FILE}"):
        if not is_living(path):
            continue
        run = ends(path).started.run
        for event in replay(path):
            if isinstance(event, PlayStarted):
                for host in event.hosts:
                    if run not in found.setdefault(host, []):
                        found[host].append(run)
    return found
