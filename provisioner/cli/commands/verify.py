"""Prove that servers are as they should be: the checks of a playbook, or testinfra tests."""

from __future__ import annotations

import argparse

from provisioner.app.verify import verify
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("subjects", nargs="+", metavar="PLAYBOOK|TESTS",
                        help="a playbook, whose checks run without its tasks, or testinfra files")  # fmt: skip
    add_verbosity(parser)
    add_inventory_options(parser)
    add_variable_options(parser)
    add_connection_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the checks; exit code 2 where one does not hold."""
    credentials = credentials_from(arguments)
    with renderers(arguments) as sinks:
        return verify(arguments.subjects, run_options(arguments, credentials), credentials, sinks, polite(ask, sinks))
