"""Install, list, build and remove roles and collections."""

from __future__ import annotations

import argparse
import sys

from provisioner.cli.commands import galaxy
from provisioner.compat import messages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take everything: what is left out of the words is put in before they are read."""
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="role or collection, a verb, its options")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; without a kind, 'install' takes roles and the collections of a requirements file too."""
    words = [*(["-" + "v" * arguments.verbose] if arguments.verbose else []), *arguments.rest]
    flags = [word for word in words if word.startswith("-v") and set(word[1:]) == {"v"}]
    words = galaxy.with_kind([word for word in words if word not in flags])
    parser = argparse.ArgumentParser(prog="ansible-galaxy", description=galaxy.__doc__)
    galaxy.add_arguments(parser)
    parsed = parser.parse_args(words)
    parsed.both = (
        not any(word in galaxy.KINDS for word in arguments.rest) and not parsed.path if "path" in parsed else False
    )
    return galaxy.act(parsed, _say, messages.tell_warning)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
