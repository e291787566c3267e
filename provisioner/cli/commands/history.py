"""Look at past runs: list them, show one again in any output, prove that a journal was not changed."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from itertools import islice

from provisioner.app import history
from provisioner.cli.options import add_verbosity
from provisioner.cli.output import add_output_options, renderers
from provisioner.reporting.wording import duration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    parser.set_defaults(verb="list", number=20)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    listing = verbs.add_parser("list", help="list runs, the newest first (what happens without a verb)")
    listing.add_argument("-n", "--number", type=int, default=20, metavar="N", help="at most this many (default: 20)")
    show = verbs.add_parser("show", help="tell a run again")
    show.add_argument("run", metavar="RUN", help="its id, the beginning of it, 'last', or the path of a journal")
    show.add_argument("-D", "--diff", action="store_true", help="show what changed inside files")
    add_verbosity(show)
    add_output_options(show)
    check = verbs.add_parser("check", help="prove that a journal is whole and unchanged")
    check.add_argument("run", metavar="RUN", help="as for show")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; return the exit code."""
    match arguments.verb:
        case "show":
            with renderers(arguments, default="plain") as sinks:
                torn = history.show(arguments.run, os.environ, sinks)
            if torn:
                print(f"the journal ends in {torn} bytes of a line that was never finished", file=sys.stderr)
        case "check":
            verdict = history.check(arguments.run, os.environ)
            torn_text = f", {verdict.torn_bytes} bytes of an unfinished last line" if verdict.torn_bytes else ""
            print(f"whole and unchanged: {verdict.events} events{torn_text}")
        case _:
            _list(arguments.number)
    return 0


def _list(number: int) -> None:
    for past in islice(history.past_runs(os.environ), number):
        if past.started is None:
            print(f"{past.id}  {past.problem}")
            continue
        when = f"{datetime.fromtimestamp(past.started.at, UTC):%Y-%m-%d %H:%M:%S}Z"
        ended = past.finished
        outcome = "unfinished" if ended is None else "ok" if ended.exit_code == 0 else f"exit {ended.exit_code}"
        took = duration(ended.seconds) if ended else "-"
        hosts = f"{len(ended.stats)} hosts" if ended else "-"
        what = " ".join(past.started.playbooks)
        print(f"{past.id}  {when}  {outcome:<10}  {took:>6}  {hosts:>9}  {what}")
