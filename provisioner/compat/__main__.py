"""``python -m provisioner.compat install-shims DIR``: puts commands with Ansible's names into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provisioner.compat import shims


def main(argv: list[str]) -> int:
    """Do what the verb says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m provisioner.compat", description=shims.__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    install = verbs.add_parser("install-shims", help="write the commands into a folder")
    install.add_argument("folder", type=Path, metavar="DIR", help="made where it does not exist")
    arguments = parser.parse_args(argv)
    for path in shims.install(arguments.folder):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
