"""Show the inventory: all of it, one host's variables, or the tree of groups."""

from __future__ import annotations

import argparse
import sys

from provisioner.app import inventory
from provisioner.cli.options import (
    add_inventory_options,
    add_variable_options,
    add_verbosity,
    credentials_from,
    run_options,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--list", action="store_true", help="print everything, in the format of inventory scripts")
    action.add_argument("--host", metavar="HOST", help="print the variables of one host")
    action.add_argument("--graph", action="store_true", help="print the tree of groups and hosts")
    parser.add_argument("group", nargs="?", default="all", metavar="GROUP", help="where --graph begins")
    parser.add_argument("-y", "--yaml", action="store_true", help="print YAML instead of JSON")
    parser.add_argument("--vars", action="store_true", help="show variables in --graph")
    add_inventory_options(parser)
    add_variable_options(parser)
    add_verbosity(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    credentials = credentials_from(arguments)
    listing = inventory.load(run_options(arguments, credentials), credentials, _warn)
    if arguments.host:
        print(inventory.host_as(listing, arguments.host, yaml=arguments.yaml))
    elif arguments.graph:
        print(inventory.tree(listing, arguments.group, with_vars=arguments.vars))
    else:
        print(inventory.as_yaml(listing) if arguments.yaml else inventory.as_json(listing))
    return 0


def _warn(text: str) -> None:
    print(text, file=sys.stderr)
