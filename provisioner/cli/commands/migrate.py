"""Move a server's work to another one: discover, assess, build, seed, rehearse, cut over, confirm or go back.

'run NAME' walks as far as the gates allow and says which one is shut, by how much, and what opens it. The same command
again goes on from there, also where the controller was killed. Exit codes: 0 done, 1 a gate is shut or a phase could
not be done, 2 a task failed, 4 bad input or a host out of reach.
"""

from __future__ import annotations

import argparse
import getpass
import json
from pathlib import Path

from provisioner.app.migrating import book as books
from provisioner.app.migrating import engine
from provisioner.cli.asking import ask
from provisioner.cli.options import (
    add_connection_options,
    add_inventory_options,
    add_variable_options,
    add_verbosity,
    credentials_from,
    run_options,
)
from provisioner.cli.output import add_output_options, polite, renderers
from provisioner.diagnostics.errors import Exit, InputError, nearest
from provisioner.journal.chronicle import InUse
from provisioner.migration.lifecycle import GATES, PHASES
from provisioner.migration.runbook import html, markdown
from provisioner.migration.telling import plain_language, technical
from provisioner.reporting.printable import printable

ASKED = ("run", "resume", *PHASES, "rollback", "abort")
"""Verbs that do something to hosts."""

SAID = ("approve", "hold", "release", "pause", "waive")
"""Verbs that are an entry in the record, also while a process works on the migration."""

SHOWN = ("status", "record", "phases")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "verb", choices=(*ASKED, *SAID, *SHOWN), metavar="VERB", help=", ".join((*ASKED, *SAID, *SHOWN))
    )
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="the migration")
    parser.add_argument(
        "-d", "--definition", dest="file", default="", metavar="PLAYBOOK", help="where it is defined (remembered)"
    )
    parser.add_argument("--evaluate", action="store_true", help="look at the gates, do nothing")
    parser.add_argument("--pause-after", default="", choices=tuple(PHASES), metavar="PHASE", help="stop after a phase")
    parser.add_argument("--list-phases", action="store_true", help="show the phases and what they consist of")
    parser.add_argument("--yes", default="", metavar="TEXT", help="the typed confirmation a phase asks for")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why (hold, waive, rollback, abort)")
    parser.add_argument("--gate", default="", metavar="GATE", help="the gate to waive")
    parser.add_argument("--ignore-window", default="", metavar="REASON", help="begin outside the window; recorded")
    parser.add_argument("--json", action="store_true", help="show the status as JSON")
    parser.add_argument("--plain", action="store_true", help="show the status in plain language, for people who wait")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="where the record goes: .md or .html")
    add_inventory_options(parser)
    add_variable_options(parser)
    add_connection_options(parser)
    add_verbosity(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; return the exit code."""
    if arguments.verb == "phases" or arguments.list_phases:
        return _list_phases(arguments)
    if arguments.verb == "status":
        return _status(arguments)
    if not arguments.name:
        raise InputError.at(None, f"which migration? 'provisioner migrate {arguments.verb} NAME'")
    if arguments.verb == "record":
        return _record(arguments)
    if arguments.verb in SAID:
        return _said(arguments)
    credentials = credentials_from(arguments)
    with renderers(arguments) as sinks:
        way = books.Way(run_options(arguments, credentials), credentials, sinks, polite(ask, sinks), _tell)
        with books.opened(arguments.name, arguments.file, way) as book:
            return _asked(book, arguments)


def _asked(book: books.Book, arguments: argparse.Namespace) -> int:
    wish = engine.Wish(arguments.yes, arguments.ignore_window, arguments.pause_after, arguments.evaluate)
    if arguments.verb == "rollback":
        return engine.roll_back(book, arguments.reason or f"asked for by {getpass.getuser()}")
    if arguments.verb == "abort":
        return engine.abort(book, arguments.reason or f"asked for by {getpass.getuser()}")
    if arguments.verb == "resume":
        book.note("resumed")
    if arguments.verb in ("run", "resume"):
        return engine.walk(book, wish)
    return engine.perform(book, arguments.verb, wish)


def _said(arguments: argparse.Namespace) -> int:
    """Put a word into the record; where a process works on the migration, it takes it before its next phase."""
    kind, data = _entry(arguments)
    try:
        with books.recorded(arguments.name) as record:
            record.add(kind, getpass.getuser(), **data)
        _tell(f"{arguments.name}: {arguments.verb} noted")
    except InUse:
        books.leave(arguments.name, kind, getpass.getuser(), data)
        _tell(f"{arguments.name}: {arguments.verb} noted; it counts from the next phase on, one is under way")
    return int(Exit.OK)


def _entry(arguments: argparse.Namespace) -> tuple[str, dict[str, object]]:
    verb, reason = arguments.verb, arguments.reason
    if verb in ("hold", "waive") and not reason:
        raise InputError.at(None, f"'{verb}' needs a reason", hint="--reason 'why, and who decided it'")
    if verb == "waive":
        names = sorted({name for gates in GATES.values() for name in gates})
        if arguments.gate not in names:
            hint = nearest(arguments.gate, names) or f"one of {', '.join(names)}"
            said = f"there is no gate '{arguments.gate}'" if arguments.gate else "which gate? --gate NAME"
            raise InputError.at(None, said, hint=hint)
        return "waived", {"gate": arguments.gate, "reason": reason}
    if verb == "pause":
        return "paused", {"after": reason or "asked for"}
    return ("held", {"reason": reason}) if verb == "hold" else ({"approve": "approved"}.get(verb, "released"), {})


def _status(arguments: argparse.Namespace) -> int:
    names = [arguments.name] if arguments.name else books.known()
    for name in names:
        standing = books.look(name)
        if arguments.json:
            print(json.dumps(technical(name, standing), indent=1, default=str))
        else:
            lines = plain_language(name, standing) if arguments.plain else technical_lines(name, standing)
            print("\n".join(printable(line) for line in lines))
    if not names:
        print("no migration has a record here")
    return int(Exit.OK)


def technical_lines(name: str, standing: object) -> list[str]:
    """Return the status as lines of name and value."""
    told = technical(name, standing)  # type: ignore[arg-type]
    width = max(map(len, told))
    return [f"{key:<{width}}  {_flat(value)}" for key, value in told.items() if value not in ("", None, [], {})]


def _flat(value: object) -> str:
    return json.dumps(value, default=str) if isinstance(value, (dict, list)) else str(value)


def _record(arguments: argparse.Namespace) -> int:
    entries = books.entries(arguments.name)
    made = html if arguments.out and arguments.out.suffix == ".html" else markdown
    text = made(arguments.name, entries)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return int(Exit.OK)


def _list_phases(arguments: argparse.Namespace) -> int:
    for phase in PHASES.values():
        print(f"{phase.name:<13} {phase.needs:>12} -> {phase.leads_to:<13} {phase.help}")
    del arguments
    return int(Exit.OK)


def _tell(text: str) -> None:
    print(printable(text), flush=True)
