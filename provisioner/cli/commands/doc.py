"""Show what a module is for, its parameters, what it returns and examples; or list all modules.

A module that is not ours is shown as the collection it comes from documents it, where that is installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence

from provisioner import catalog
from provisioner.app.manuals import foreign_manual
from provisioner.diagnostics.errors import Exit
from provisioner.reporting.manual import IMPORTS, listed_names, listing, manual, manual_of, summary
from provisioner.reporting.reference import Described, described


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="MODULE",
        help="a module, by its short or full name",
    )
    parser.add_argument("-l", "--list", action="store_true", help="list modules, or those that begin with MODULE")
    parser.add_argument("-j", "--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the manual, or the list."""
    names = [catalog.short_name("action", name) or name for name in arguments.names]
    if arguments.list or not names:
        chosen = [name for name in sorted(listed_names()) if not names or name.startswith(tuple(names))]
        print(_json_list(chosen) if arguments.json else listing(chosen) if chosen else "no such module")
        return Exit.OK if chosen else Exit.BAD_OPTIONS
    pages = _pages(names)
    if pages is None:
        return Exit.BAD_OPTIONS
    if arguments.json:
        print(json.dumps({name: _as_data(name, page) for name, page in pages.items()}, indent=2))
    else:
        print("\n\n".join(page if isinstance(page, str) else manual_of(page) for page in pages.values()))
    return Exit.OK


def _pages(names: Sequence[str]) -> dict[str, str | Described] | None:
    """Return the manual of each; None where there is none of one, which has been told."""
    pages: dict[str, str | Described] = {}
    for name in names:
        found = _page(name)
        if found is None:
            return None
        pages[name] = found
    return pages


def _page(name: str) -> str | Described | None:
    """Return a module's manual, or what a module that is not ours says of itself; None where there is neither."""
    try:
        return manual(name)
    except KeyError as error:
        unknown = str(error.args[0])
    if not catalog.exists_elsewhere(name):
        print(f"provisioner: {unknown}", file=sys.stderr)
        return None
    found = foreign_manual(name, os.environ)
    if isinstance(found, str):
        print(f"provisioner: {found}", file=sys.stderr)
        return None
    return found


def _as_data(name: str, page: str | Described) -> object:
    if isinstance(page, Described):
        return dataclasses.asdict(page)
    return {"name": name, "summary": summary(name)} if name in IMPORTS else dataclasses.asdict(described(name))


def _json_list(names: list[str]) -> str:
    return json.dumps({name: summary(name) for name in names}, indent=2)
