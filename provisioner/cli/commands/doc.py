"""Show what a module is for, its parameters, what it returns and examples; or list all modules."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from provisioner import catalog
from provisioner.diagnostics.errors import Exit
from provisioner.reporting.manual import listing, manual
from provisioner.reporting.reference import described, module_names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("names", nargs="*", metavar="MODULE", help="a module, by its short or full name")
    parser.add_argument("-l", "--list", action="store_true", help="list modules, or those that begin with MODULE")
    parser.add_argument("-j", "--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the manual, or the list."""
    names = [catalog.short_name("action", name) or name for name in arguments.names]
    if arguments.list or not names:
        chosen = [name for name in sorted(module_names()) if not names or name.startswith(tuple(names))]
        print(_json_list(chosen) if arguments.json else listing(chosen) if chosen else "no such module")
        return Exit.OK if chosen else Exit.BAD_OPTIONS
    try:
        pages = [manual(name) for name in names]
    except KeyError as error:
        print(f"provisioner: {error.args[0]}", file=sys.stderr)
        return Exit.BAD_OPTIONS
    if arguments.json:
        print(json.dumps({name: dataclasses.asdict(described(name)) for name in names}, indent=2))
    else:
        print("\n\n".join(pages))
    return Exit.OK


def _json_list(names: list[str]) -> str:
    return json.dumps({name: described(name).summary for name in names}, indent=2)
