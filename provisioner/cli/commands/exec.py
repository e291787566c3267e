"""Run one module on hosts, without a playbook."""

from __future__ import annotations

import argparse

from provisioner.app.run import run_module
from provisioner.app.wiring import Single
from provisioner.cli.asking import ask
from provisioner.cli.options import (
    add_connection_options,
    add_inventory_options,
    add_mode_options,
    add_variable_options,
    credentials_from,
    run_options,
)
from provisioner.cli.output import add_output_options, polite, renderers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("pattern", metavar="PATTERN", help="which hosts: names, groups, patterns")
    parser.add_argument("-m", "--module-name", default="command", metavar="MODULE", help="default: %(default)s")
    parser.add_argument("-a", "--args", default="", metavar="ARGS", help="its parameters: key=value words or free form")
    add_inventory_options(parser)
    add_mode_options(parser)
    add_variable_options(parser)
    add_connection_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the module; return the exit code."""
    credentials = credentials_from(arguments)
    options = run_options(arguments, credentials)
    with renderers(arguments, default="adhoc") as sinks:
        return run_module(
            arguments.pattern,
            Single(arguments.module_name, arguments.args),
            options,
            credentials,
            sinks,
            polite(ask, sinks),
        )
