"""Show the inventory: all of it, one host's variables, or the tree of groups."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

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
    form = parser.add_mutually_exclusive_group()
    form.add_argument("-y", "--yaml", action="store_true", help="print YAML instead of JSON")
    form.add_argument("--toml", action="store_true", help="print TOML instead of JSON")
    parser.add_argument("--export", action="store_true", help="with --list: show variables where they are written")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to this file")
    parser.add_argument("--flush-cache", action="store_true", help="ask anew what plugins have in their caches")
    parser.add_argument("--vars", action="store_true", help="show variables in --graph")
    add_inventory_options(parser)
    add_variable_options(parser)
    add_verbosity(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    credentials = credentials_from(arguments)
    listing = inventory.load(run_options(arguments, credentials), credentials, _warn, export=arguments.export)
    text = _text(listing, arguments)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    return 0


def _text(listing: inventory.Listing, arguments: argparse.Namespace) -> str:
    if arguments.host:
        return inventory.host_as(listing, arguments.host, yaml=arguments.yaml, toml=arguments.toml)
    if arguments.graph:
        return inventory.tree(listing, arguments.group, with_vars=arguments.vars)
    if arguments.toml:
        return inventory.as_toml(listing)
    return inventory.as_yaml(listing) if arguments.yaml else inventory.as_json(listing)


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)
