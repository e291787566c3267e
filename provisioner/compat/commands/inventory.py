"""Show the inventory, by default in the JSON format of inventory scripts."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from provisioner.app import inventory
from provisioner.cli.options import credentials_from, run_options
from provisioner.compat import messages
from provisioner.compat import options as shared
from provisioner.diagnostics.errors import Exit
from provisioner.loading.variables import LOCAL
from provisioner.model.options import AT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("group", nargs="?", default="all", help="where --graph begins")
    shared.add_inventory(parser, hosts=False)
    shared.add_variables(parser)
    shared.add_basedir(parser)
    parser.add_argument("--list", action="store_true", help="print all hosts")
    parser.add_argument("--host", help="print one host's variables; ignores the limit")
    parser.add_argument("--graph", action="store_true", help="print the tree of groups; ignores the limit")
    parser.add_argument("-y", "--yaml", action="store_true", help="print YAML instead of JSON")
    parser.add_argument("--toml", action="store_true", help="print TOML instead of JSON")
    parser.add_argument("--vars", action="store_true", help="show variables in --graph")
    parser.add_argument("--export", action="store_true", help="with --list: variables where they were written")
    parser.add_argument("--output", type=Path, dest="output_file", help="with --list: write to this file")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    if not (arguments.list or arguments.host or arguments.graph):
        return _refuse("No action selected, at least one of --host, --graph or --list needs to be specified.")
    credentials = credentials_from(arguments, messages.tell_warning)
    options = replace(run_options(arguments, credentials, messages.tell_warning), mistakes=AT_RUN)
    folder = shared.basedir(arguments)
    found = inventory.load(options, credentials, messages.tell_warning, export=arguments.export, folder=folder)
    if arguments.host and arguments.host not in (*found.inventory.hosts, *LOCAL):
        return _refuse(f"Could not match supplied host pattern, ignoring: {arguments.host}")
    if arguments.graph and arguments.group not in found.inventory.groups:
        return _refuse("Pattern must be valid group name when using --graph")
    if arguments.host:
        text = inventory.host_as(found, arguments.host, yaml=arguments.yaml, toml=arguments.toml)
    elif arguments.graph:
        text = inventory.tree(found, arguments.group, with_vars=arguments.vars)
    elif arguments.toml:
        text = inventory.as_toml(found)
    else:
        text = inventory.as_yaml(found) if arguments.yaml else inventory.as_json(found)
    if arguments.output_file:
        arguments.output_file.write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")
    return 0


def _refuse(text: str) -> int:
    messages.tell_error(text)
    return Exit.BAD_OPTIONS
