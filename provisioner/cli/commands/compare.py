"""Compare two servers, snapshots or hosts: each difference is expected, informative, explained, or it blocks."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from provisioner.app.discovery import snapshots_of
from provisioner.cli.options import (
    add_connection_options,
    add_inventory_options,
    add_variable_options,
    add_verbosity,
    credentials_from,
    run_options,
)
from provisioner.diagnostics.errors import Exit, InputError, ProvisionerError
from provisioner.discovery.comparing import compare
from provisioner.discovery.page import as_page
from provisioner.discovery.telling import Comparison, as_data, as_text
from provisioner.discovery.waivers import read_waivers
from provisioner.reporting.paint import Paint
from provisioner.reporting.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("old", metavar="OLD", help="a snapshot, or a host of the inventory, which is looked at now")
    parser.add_argument("new", metavar="NEW", help="the same of the new server")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", metavar="FILE", help="write a page of one file, too")
    parser.add_argument("--all", action="store_true", help="show what is expected, too: names, addresses, ids")
    parser.add_argument("--waivers", action="append", default=[], metavar="FILE",
                        help="differences that were explained; FILE.sig is its signature; may be repeated")  # fmt: skip
    parser.add_argument("--signers", metavar="FILE",
                        help="whose keys may sign waivers: lines of 'owner ssh-ed25519 KEY'")  # fmt: skip
    add_verbosity(parser)
    add_inventory_options(parser)
    add_variable_options(parser)
    add_connection_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare; exit code 0 where nothing blocks, 2 where something does, 1 where it could not be told."""
    try:
        comparison = _compared(arguments)
        if arguments.html:
            Path(arguments.html).write_text(as_page(comparison), encoding="utf-8")
    except (ProvisionerError, OSError) as error:
        _warn(str(error) if isinstance(error, InputError) else f"provisioner: {error}")
        return Exit.ERROR
    if arguments.json:
        print(as_data(comparison))
    else:
        paint = Paint(is_coloured=sys.stdout.isatty())
        text = as_text(comparison, paint, shows_all=arguments.all)
        print(text if sys.stdout.isatty() else printable(text))
    return Exit.HOSTS_FAILED if comparison.counts()["unexplained"] else Exit.OK


def _compared(arguments: argparse.Namespace) -> Comparison:
    today = datetime.now(UTC).date()
    signers = Path(arguments.signers) if arguments.signers else None
    waivers = read_waivers([Path(each) for each in arguments.waivers], signers, today)
    credentials = credentials_from(arguments)
    options = run_options(arguments, credentials)
    old, new = snapshots_of((arguments.old, arguments.new), options, credentials, _warn)
    return Comparison(old, new, compare(old, new, waivers.valid), waivers.expired)


def _warn(text: str) -> None:
    print(printable(text), file=sys.stderr)
