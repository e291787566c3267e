"""Run playbooks.

Takes the options of ansible-playbook under the same names. The exit code is 0 when all went well, 2 when a host failed,
4 when a host could not be reached or the input is wrong, 5 for wrong options, 6 when a play was outside
its window, 99 when interrupted or longer than it may take.
"""

from __future__ import annotations

import argparse

from provisioner import catalog
from provisioner.cli.asking import ask
from provisioner.cli.options import (
    add_connection_options,
    add_contact,
    add_ignore_window,
    add_inventory_options,
    add_mode_options,
    add_owed,
    add_strictness,
    add_time_limit,
    add_variable_options,
    credentials_from,
    run_options,
)
from provisioner.cli.output import add_output_options, polite, renderers

LISTING = "provisioner.app.listing"
RUNNING = "provisioner.app.run"
"""Looking needs less than running, and each imports only what it needs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("playbooks", nargs="+", metavar="PLAYBOOK", help="playbook file; several run one after another")
    add_inventory_options(parser)
    add_mode_options(parser)
    add_variable_options(parser)
    add_strictness(parser)
    add_connection_options(parser)
    add_contact(parser)
    add_time_limit(parser)
    add_ignore_window(parser)
    add_owed(parser)
    add_output_options(parser)
    choice = parser.add_argument_group("choosing tasks")
    choice.add_argument("-t", "--tags", action="append", metavar="TAGS", help="only tasks with one of these tags")
    choice.add_argument("--skip-tags", action="append", metavar="TAGS", help="no task with one of these tags")
    choice.add_argument("--start-at-task", metavar="NAME", help="begin at the task of this name")
    choice.add_argument("--step", action="store_true", help="ask before each task")
    choice.add_argument("--force-handlers", action="store_true", help="run notified handlers even after a failure")
    choice.add_argument("--flush-cache", action="store_true", help="forget facts that earlier runs kept")
    look = parser.add_argument_group("looking without running").add_mutually_exclusive_group()
    look.add_argument("--list-hosts", action="store_true", help="show the hosts of each play")
    look.add_argument("--list-tasks", action="store_true", help="show the tasks of each play")
    look.add_argument("--list-tags", action="store_true", help="show the tags of each play")
    look.add_argument("--syntax-check", action="store_true", help="report every mistake that needs no host to find")


def run(arguments: argparse.Namespace) -> int:
    """Run, or show what would be run; return the exit code."""
    credentials = credentials_from(arguments)
    options = run_options(arguments, credentials)
    paths = arguments.playbooks
    if arguments.list_hosts or arguments.list_tasks or arguments.list_tags:
        what = "hosts" if arguments.list_hosts else "tasks" if arguments.list_tasks else "tags"
        print(catalog.part(LISTING).listed(paths, options, credentials, what))
        return 0
    if arguments.syntax_check:
        print(catalog.part(LISTING).checked(paths, options, credentials))
        return 0
    with renderers(arguments) as sinks:
        return int(catalog.part(RUNNING).run_playbooks(paths, options, credentials, sinks, polite(ask, sinks)))
