"""Look for what stands in the way of moving a server: findings with severity, reason, evidence and remedy.

Exit code 0 where nothing above the limit is open, 2 where something is, 1 where it could not be told.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from provisioner.app.assessing import Question, assess_pairs, pairs_of
from provisioner.cli.options import (
    add_connection_options,
    add_inventory_options,
    add_variable_options,
    add_verbosity,
    credentials_from,
    run_options,
)
from provisioner.diagnostics.errors import Exit, InputError, ProvisionerError
from provisioner.migration.acceptances import Acceptances, read_acceptances
from provisioner.migration.assessing import Assessment
from provisioner.migration.assessment_text import as_text
from provisioner.migration.sight import Severity
from provisioner.reporting.paint import Paint
from provisioner.reporting.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("old", metavar="OLD", help="a snapshot, or a host or group of the inventory, looked at now")
    parser.add_argument(
        "new",
        nargs="?",
        metavar="NEW",
        help="the same of the new server, where there is one; groups make pairs in order",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("-q", "--brief", action="store_true", help="a line for each finding, without reasons")
    parser.add_argument(
        "--accepted", action="append", default=[], metavar="FILE",
        help="findings somebody accepted: a list with finding, who, reason, until; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--fail-on", choices=[each.value for each in Severity], default=Severity.INHIBITOR.value,
        help="exit code 2 where a finding of this severity or a worse one is open (default: inhibitor)",
    )  # fmt: skip
    parser.add_argument("--not-built", action="store_true",
                        help="the new server is not set up yet: what it lacks counts less")  # fmt: skip
    parser.add_argument("--names", default="", metavar="NAMES",
                        help="names, with commas, that lead to the server, besides those of its sites")  # fmt: skip
    parser.add_argument("--no-dns", action="store_true", help="ask no name server for times to live")
    parser.add_argument(
        "--backup-proof", default="", metavar="TEXT", help="which restore of a backup was proven, and when"
    )
    add_verbosity(parser)
    add_inventory_options(parser)
    add_variable_options(parser)
    add_connection_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Assess; return the exit code."""
    try:
        acceptances = read_acceptances([Path(each) for each in arguments.accepted], datetime.now(UTC).date())
        found = _assessed(arguments, acceptances)
    except ProvisionerError as error:
        _warn(str(error) if isinstance(error, InputError) else f"provisioner: {error}")
        return Exit.ERROR
    for each in acceptances.expired:
        _warn(f"no longer accepted: {each.finding}, {each.account}")
    if arguments.json:
        print(json.dumps({"pairs": [each.data() for each in found]}, indent=2, ensure_ascii=False))
    else:
        paint = Paint(is_coloured=sys.stdout.isatty())
        text = "\n\n".join(as_text(each, paint, is_brief=arguments.brief) for each in found)
        print(text if sys.stdout.isatty() else printable(text))
    limit = Severity(arguments.fail_on)
    return Exit.HOSTS_FAILED if any(each.open(limit) for each in found) else Exit.OK


def _assessed(arguments: argparse.Namespace, acceptances: Acceptances) -> list[Assessment]:
    credentials = credentials_from(arguments)
    options = run_options(arguments, credentials)
    question = Question(
        acceptances.valid,
        is_built=not arguments.not_built,
        names=tuple(word.strip() for word in arguments.names.split(",") if word.strip()),
        asks_names=not arguments.no_dns,
        backup_proof=arguments.backup_proof,
    )
    pairs = pairs_of(arguments.old, arguments.new, options, credentials)
    return [each.assessment for each in assess_pairs(pairs, question, options, credentials, _warn)]


def _warn(text: str) -> None:
    print(printable(text), file=sys.stderr)
