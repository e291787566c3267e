"""View the configuration."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provisioner.app.configuration import load
from provisioner.compat import config_texts as texts
from provisioner.compat import messages
from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.errors import Exit, UnmetNeed
from provisioner.reporting.screen import wrapped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    shared.add_argument("-c", "--config", dest="config_file", metavar="FILE", help="read this file instead")
    typed = argparse.ArgumentParser(add_help=False)
    typed.add_argument("-t", "--type", default="base", choices=("all", "base", *texts.KINDS), help="settings of what")
    typed.add_argument("args", nargs="*", help="names of plugins of that kind")
    verbs = parser.add_subparsers(dest="action", required=True)
    show = verbs.add_parser("list", parents=[shared, typed], help="print all settings")
    show.add_argument("-f", "--format", choices=("json", "yaml"), default="yaml", help="how")
    dump = verbs.add_parser("dump", parents=[shared, typed], help="print the values that count")
    dump.add_argument("--only-changed", "--changed-only", action="store_true", help="leave defaults out")
    dump.add_argument("-f", "--format", choices=("json", "yaml", "display"), default="display", help="how")
    verbs.add_parser("view", parents=[shared], help="print the configuration file")
    init = verbs.add_parser("init", parents=[shared, typed], help="print a file to begin with")
    init.add_argument("-f", "--format", choices=("ini", "env", "vars"), default="ini", help="how")
    init.add_argument("--disabled", action="store_true", help="make every line a comment")
    validate = verbs.add_parser("validate", parents=[shared, typed], help="look for settings that do not exist")
    validate.add_argument("-f", "--format", choices=("ini", "env"), default="ini", help="in what")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    found = load(arguments.config_file)
    mistakes = found.mistakes()
    if mistakes.errors:
        sys.stderr.write("".join(f"ERROR: {each.summary}: {each.detail}\n" for each in mistakes.errors))
        return 5
    if arguments.verbose:
        sys.stdout.write(f"Using {found.source} as config file\n" if found.source
                         else "No config file found; using defaults\n")  # fmt: skip
    if arguments.action == "view":
        return _view(found)
    if arguments.action == "validate":
        return _validate(found, arguments.format)
    told = texts.gather(found, arguments.type, arguments.args)
    for name in told.missing:
        messages.tell_warning(f"Skipping {name} as we could not find matching plugin")
    sys.stdout.write(_text(arguments, told))
    return Exit.OK


def _text(arguments: argparse.Namespace, told: texts.Found) -> str:
    if arguments.action == "list":
        return texts.written(texts.listed(told), arguments.format).rstrip("\n") + "\n"
    if arguments.action == "init":
        return texts.template(told, arguments.format, disabled=arguments.disabled)
    if arguments.format == "display":
        return "\n".join(texts.dump_lines(told, only_changed=arguments.only_changed)) + "\n"
    return texts.written(texts.dump_data(told, only_changed=arguments.only_changed), arguments.format).rstrip() + "\n"


def _view(found: Configuration) -> int:
    if not found.source:
        raise UnmetNeed("Invalid or no config file was supplied", "name one with -c or ANSIBLE_CONFIG")
    sys.stdout.write(Path(found.source).read_text(encoding="utf-8"))
    return Exit.OK


def _validate(found: Configuration, format: str) -> int:
    told = list(texts.unknown_in_environment(found) if format == "env" else texts.unknown_in_file(found))
    for each in told:
        sys.stderr.write(wrapped(f" [ERROR]: {each}", 79) + "\n")
    if not told:
        sys.stdout.write("All configurations seem valid!\n")
    return Exit.ERROR if told else Exit.OK
