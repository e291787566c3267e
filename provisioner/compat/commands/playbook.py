"""Run playbooks, executing the defined tasks on the targeted hosts."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from provisioner.app import listing
from provisioner.app.run import run_playbooks
from provisioner.cli.asking import ask
from provisioner.cli.options import credentials_from, run_options
from provisioner.cli.output import polite
from provisioner.compat import messages
from provisioner.compat import options as shared
from provisioner.compat.showing import renderers
from provisioner.diagnostics.errors import ProvisionerError
from provisioner.model.options import AT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("playbooks", nargs="+", metavar="playbook", help="playbook files")
    shared.add_inventory(parser)
    shared.add_check(parser)
    shared.add_variables(parser)
    shared.add_run(parser)
    shared.add_module_path(parser)
    parser.add_argument("-t", "--tags", action="append", help="only tasks with one of these tags")
    parser.add_argument("--skip-tags", action="append", help="no task with one of these tags")
    parser.add_argument("--start-at-task", metavar="NAME", help="begin at the task of this name")
    parser.add_argument("--step", action="store_true", help="ask before each task")
    parser.add_argument("--force-handlers", action="store_true", help="run notified handlers even after a failure")
    parser.add_argument("--flush-cache", action="store_true", help="forget the facts that earlier runs kept")
    parser.add_argument("--syntax-check", action="store_true", help="read the playbook, run nothing")
    parser.add_argument("--list-tasks", action="store_true", help="show the tasks that would run")
    parser.add_argument("--list-tags", action="store_true", help="show all tags")


def run(arguments: argparse.Namespace) -> int:
    """Run, or show what would be run; return the exit code."""
    paths = arguments.playbooks
    for path in paths:
        if not Path(path).exists() and path.count(".") < 2:
            raise ProvisionerError(f"the playbook: {path} could not be found")
        if Path(path).exists() and not Path(path).is_file():
            raise ProvisionerError(f"the playbook: {path} does not appear to be a file")
    credentials = credentials_from(arguments, messages.tell_warning)
    options = replace(run_options(arguments, credentials, messages.tell_warning), mistakes=AT_RUN)
    for what in ("hosts", "tasks", "tags"):
        if vars(arguments)[f"list_{what}"]:
            sys.stdout.write("\n" + listing.listed(paths, options, credentials, what) + "\n")
            return 0
    if arguments.syntax_check:
        sys.stdout.write("\n" + listing.checked(paths, options, credentials) + "\n")
        return 0
    with renderers(arguments, "ansible") as sinks:
        return run_playbooks(paths, options, credentials, sinks, polite(ask, sinks))
