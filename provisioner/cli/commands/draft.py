"""Draft a first playbook, role, inventory and tests from a snapshot: runnable as they are, and yours to change."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provisioner.app.drafting import write_draft
from provisioner.diagnostics.errors import Exit
from provisioner.reporting.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "snapshot", metavar="SNAPSHOT", help="a snapshot; contents beside it are used where there are any"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="where the draft goes; new or empty")
    parser.add_argument("--force", action="store_true", help="write over an earlier draft")


def run(arguments: argparse.Namespace) -> int:
    """Write the draft and say what it leaves out."""
    folder = Path(arguments.output)
    made = write_draft(Path(arguments.snapshot), folder, overwrites=arguments.force)
    print(f"{folder / 'site.yml'}: {len(made.files)} files")
    print(f"{folder / 'NOT-COVERED.md'}: {len(made.gaps)} things to see to by hand")
    for path in made.secret:
        print(printable(f"warning: {path} looks as if it held a secret: put it into a vault"), file=sys.stderr)
    return Exit.OK
