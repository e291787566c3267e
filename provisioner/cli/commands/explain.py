"""Explain a variable of a host: its value, everything that sets it with file and line, and what counts."""

from __future__ import annotations

import argparse

from provisioner.app.explain import as_data, as_text, explained
from provisioner.cli.options import add_inventory_options, add_variable_options, credentials_from, run_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; ``-h`` names the host here, help is ``--help``."""
    parser.add_argument("variable", metavar="VAR", help="name of the variable")
    whose = parser.add_argument_group("host", conflict_handler="resolve")
    whose.add_argument("-h", "-H", "--host", required=True, metavar="HOST", help="the host that sees it")
    parser.add_argument("-p", "--playbook", action="append", default=[], metavar="PLAYBOOK",
                        help="explain it in the plays of this file; may be repeated")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_inventory_options(parser)
    add_variable_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    credentials = credentials_from(arguments)
    options = run_options(arguments, credentials)
    parts = explained(arguments.variable, arguments.host, arguments.playbook, options, credentials)
    print(as_data(parts) if arguments.json else as_text(arguments.variable, arguments.host, parts))
    return 0
