"""Print the JSON schema of playbooks (or task files) for editors: the keywords and exactly the modules there are."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from provisioner.reporting.editor_schema import KINDS, schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("kind", nargs="?", choices=KINDS, default="playbook", help="of what (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it there instead of to the screen")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the schema."""
    text = json.dumps(schema(arguments.kind), indent=1)
    if arguments.output is None:
        print(text)
    else:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    return 0
