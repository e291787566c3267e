"""Go on with a run that was interrupted or failed.

What it did is taken over from its journal and from the hosts' own records: operations that are done are not done again,
results, facts, notified handlers and places in loops are as they were. Exit codes are those of run.
"""

from __future__ import annotations

import argparse

from provisioner.app import resume as use_case
from provisioner.app.history import LAST
from provisioner.cli.asking import ask
from provisioner.cli.options import (
    add_become_password,
    add_ignore_window,
    add_login_password,
    add_time_limit,
    add_vault_options,
    add_verbosity,
    credentials_from,
)
from provisioner.cli.output import add_output_options, polite, renderers
from provisioner.model.recall import AGAIN, STOP, TAKEN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "run", nargs="?", default=LAST, metavar="RUN", help="its id or the beginning of it (default: last)"
    )
    parser.add_argument("--adopt", action="store_true", help="go on although playbook or inventory changed since")
    parser.add_argument(
        "--unknown", choices=(STOP, AGAIN, TAKEN), default=STOP,
        help="operations of which nobody knows whether they were done: say so and leave their host out (default), "
        "run them again, or take them for done",
    )  # fmt: skip
    add_time_limit(parser)
    add_ignore_window(parser)
    add_login_password(parser)
    add_become_password(parser)
    add_vault_options(parser)
    add_verbosity(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Resume; return the exit code."""
    credentials = credentials_from(arguments)
    how = use_case.Resuming(
        arguments.adopt,
        arguments.unknown,
        credentials.connection_password,
        credentials.become_password,
        arguments.max_time,
        arguments.ignore_window or "",
    )
    with renderers(arguments) as sinks:
        return use_case.resume(arguments.run, how, credentials, sinks, polite(ask, sinks))
