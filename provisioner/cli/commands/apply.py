"""Carry out a plan: exactly what it says, on the hosts that are still as they were when it was made.

Refused as a whole where playbook, inventory or variables changed since; host by host where the host itself did. What
would change something that the plan does not name fails instead. Exit codes are those of run, 2 too for a refused host.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from provisioner.app import planning
from provisioner.cli.asking import ask
from provisioner.cli.options import (
    add_become_password,
    add_ignore_window,
    add_login_password,
    add_time_limit,
    add_variable_options,
    add_verbosity,
    credentials_from,
    run_options,
)
from provisioner.cli.output import add_output_options, polite, renderers
from provisioner.model.plan import UNKNOWN
from provisioner.reporting.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("plan", type=Path, metavar="PLAN", help="a file that 'provisioner plan -o' wrote")
    add_login_password(parser)
    add_become_password(parser)
    add_variable_options(parser)
    add_time_limit(parser)
    add_ignore_window(parser)
    add_verbosity(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Apply; return the exit code."""
    credentials = credentials_from(arguments)
    plan = planning.read_plan(arguments.plan)
    given = run_options(arguments, credentials)
    options = replace(
        planning.options_in(plan, given.extra_vars), exclusive=True, max_time_s=given.max_time_s,
        ignore_window=given.ignore_window,
        connection_password=credentials.connection_password, become_password=credentials.become_password,
    )  # fmt: skip
    with renderers(arguments) as sinks:
        applied = planning.apply_plan(plan, options, credentials, sinks, polite(ask, sinks))
    for host, lines in applied.refused.items():
        print(f"refused: {host} is not as it was when the plan was made")
        for line in lines:
            print(f"    {line}")
    for label, (kept, count) in sorted(applied.kept.items()):
        print(f"{label}: {count} done" if label == UNKNOWN else f"{label}: {kept} of {count} came out as planned")
    for text in applied.otherwise:
        print(printable(f"    {text}"))
    return applied.code
