"""Show a playbook as the graph of operations that would run."""

from __future__ import annotations

import argparse
from pathlib import Path

from provisioner.app.graph import FORMATS, drawn
from provisioner.cli.options import add_inventory_options, add_variable_options, credentials_from, run_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("playbooks", nargs="+", metavar="PLAYBOOK", help="playbook file")
    parser.add_argument("--format", choices=FORMATS, default="dot", help="default: %(default)s")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it there instead of to the screen")
    parser.add_argument("-t", "--tags", action="append", metavar="TAGS", help="only tasks with one of these tags")
    parser.add_argument("--skip-tags", action="append", metavar="TAGS", help="no task with one of these tags")
    add_inventory_options(parser)
    add_variable_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print or write the graph."""
    credentials = credentials_from(arguments)
    text = drawn(arguments.playbooks, run_options(arguments, credentials), credentials, arguments.format)
    if arguments.output is None:
        print(text)
    else:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return 0
