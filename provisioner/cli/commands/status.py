"""Show what is known of hosts: runs at work on them, migrations, how they were seen last, handlers they are owed.

A handler that was notified and did not run (its host failed, contact was lost, the run was stopped) is owed: the next
run of the same playbook runs it, or it is waived here.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime

from provisioner.app import status as use_case


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="only these (default: all that runs have worked on)")
    parser.add_argument("--owed", action="store_true", help="only hosts that are owed something")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--waive", metavar="HANDLER", help="forget that the named hosts are owed this handler; 'all' for every one"
    )


def run(arguments: argparse.Namespace) -> int:
    """Show, or waive; return the exit code: 2 with --owed where something is owed."""
    if arguments.waive:
        for host in arguments.hosts:
            count = use_case.waive(host, None if arguments.waive == "all" else arguments.waive, os.environ)
            print(f"{host}: {count} waived")
        return 0
    found = use_case.status(tuple(arguments.hosts), os.environ)
    if arguments.owed:
        found = [each for each in found if each.known.owed]
    if arguments.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
    else:
        for each in found:
            _show(each)
    return 2 if arguments.owed and found else 0


def _show(host: use_case.HostStatus) -> None:
    known = host.known
    when = f"{datetime.fromtimestamp(known.at, UTC):%Y-%m-%d %H:%M:%S}Z" if known.at else "-"
    print(f"{host.name:24} {known.seen or '-':12} {when}  run {known.run or '-'}")
    for run in host.working:
        print(f"    run {run} is at work on it")
    for migration in host.migrations:
        print(f"    part of migration {migration}")
    for owed in known.owed:
        print(f"    owed: handler '{owed.handler}' since run {owed.run} of {' '.join(owed.playbooks)}")
