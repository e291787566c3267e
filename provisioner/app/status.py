"""What is known of hosts: runs on them now, migrations they are in, how they were seen last, what they are owed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from provisioner.app.migrating import book
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.journal.ledger import Known, is_living, ledger, look
from provisioner.journal.places import FILE, runs_dir
from provisioner.journal.replay import ends, replay
from provisioner.migration.record import ABORTED, RETIRED
from provisioner.model.event import PlayStarted
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class HostStatus:
    """One host; ``working`` are this user's runs that are on it now, ``migrations`` what it is part of, and as what."""

    name: str
    known: Known
    working: tuple[str, ...]
    migrations: tuple[str, ...] = ()


def status(names: tuple[str, ...], environ: Mapping[str, str]) -> list[HostStatus]:
    """Return the status of the named hosts, or of all that runs have worked on; InputError for a name never seen."""
    hosts = dict(look(environ).hosts)
    working, moving = _working(environ), _moving()
    everyone = sorted({*hosts, *working, *moving})
    for name in names:
        if name not in everyone:
            raise InputError.at(None, f"no run on record has worked on '{name}'", hint=nearest(name, everyone))
    return [
        HostStatus(name, hosts.get(name, Known()), tuple(working.get(name, ())), tuple(moving.get(name, ())))
        for name in names or everyone
    ]


def waive(host: str, handler: str | None, environ: Mapping[str, str]) -> int:
    """Forget a handler a host is owed, or all of them; InputError where it is owed no such thing."""
    with ledger(environ) as kept:
        known = kept.hosts.get(host)
        owed = [each.handler for each in known.owed] if known else []
        count = kept.waive(host, handler)
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


def _moving() -> dict[str, list[str]]:
    """Return the hosts of migrations that are not over, with what they are in them."""
    found: dict[str, list[str]] = {}
    for name in book.known():
        with suppress(InputError):  # a damaged record is told of by 'migrate status'
            now = book.look(name)
            parts = now.definition.get("hosts") if now.state not in (RETIRED, ABORTED) else None
            for part, hosts in parts.items() if isinstance(parts, Mapping) else ():
                for host in hosts:
                    found.setdefault(str(host), []).append(f"{name} ({part}, {now.state})")
    return found
