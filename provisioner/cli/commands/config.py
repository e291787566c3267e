"""Show the configuration: every setting with its value and where it was set."""

from __future__ import annotations

import argparse
import sys

from provisioner.app import configuration
from provisioner.cli.options import add_verbosity


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser("show", help="print settings, their values and origins")
    show.add_argument(
        "setting", nargs="*", metavar="SETTING",
        help="show these only: a name (DEFAULT_FORKS), a key (forks) or a variable (ANSIBLE_FORKS)",
    )  # fmt: skip
    show.add_argument("--changed", action="store_true", help="leave out what nobody set")
    show.add_argument("--plugins", action="store_true", help="show the options of plugins too (connection/ssh/...)")
    show.add_argument("--json", action="store_true", help="print JSON")
    show.add_argument("-c", "--config", metavar="FILE", help="read this ansible.cfg instead of the one that counts")
    add_verbosity(show)


def run(arguments: argparse.Namespace) -> int:
    """Print the settings; exit code 2 where one is set to something it cannot be."""
    found = configuration.load(arguments.config)
    for warning in configuration.warnings(found, arguments.verbose):
        print(warning.render(), file=sys.stderr)
    settings = configuration.chosen(
        found, arguments.setting, only_changed=arguments.changed, with_plugins=arguments.plugins
    )
    text = configuration.as_json(settings) if arguments.json else configuration.as_text(settings)
    if text:
        print(text)
    return 0
