"""Show what a run would change, and how sure that is; nothing is changed.

Lines are proven (looked at on the host, computed exactly), predicted (computed from what is only foreseen) or unknown
until run. Exit codes: 0 nothing to change, 2 changes, 1 the plan is not what was asked for or could not be made.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from provisioner.app import planning
from provisioner.cli.asking import ask
from provisioner.cli.options import (
    add_connection_options,
    add_inventory_options,
    add_mode_options,
    add_strictness,
    add_variable_options,
    credentials_from,
    run_options,
)
from provisioner.diagnostics.errors import Exit, InputError
from provisioner.model.plan import Plan
from provisioner.reporting.plan_text import plan_lines
from provisioner.reporting.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("playbooks", nargs="+", metavar="PLAYBOOK", help="playbook file; several run one after another")
    add_inventory_options(parser)
    add_mode_options(parser)
    add_variable_options(parser)
    add_strictness(parser)
    add_connection_options(parser)
    parser.add_argument("-t", "--tags", action="append", metavar="TAGS", help="only tasks with one of these tags")
    parser.add_argument("--skip-tags", action="append", metavar="TAGS", help="no task with one of these tags")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write the plan, for 'provisioner apply'")
    parser.add_argument("--json", action="store_true", help="show it as JSON")
    parser.add_argument("--expect-no-changes", action="store_true", help="exit with 1 where something is to change")
    parser.add_argument(
        "--max-unknown", type=_share, metavar="PERCENT", help="exit with 1 where more than that is unknown until run"
    )


def run(arguments: argparse.Namespace) -> int:
    """Plan; return the exit code."""
    if arguments.out:
        planning.refuse_unwritable(arguments.out)
    credentials = credentials_from(arguments)
    try:
        plan = planning.make_plan(arguments.playbooks, run_options(arguments, credentials), credentials, (), ask)
    except InputError as error:
        error.exit_code = Exit.ERROR  # 2 and 4 would say something of hosts here
        raise
    if arguments.out:
        planning.save(plan, arguments.out)
    if arguments.json:
        print(json.dumps(asdict(plan), indent=1, default=str))
    else:
        print("\n".join(printable(line) for line in plan_lines(plan)))
    return _code(plan, arguments)


def _code(plan: Plan, arguments: argparse.Namespace) -> int:
    if plan.failed or plan.unreached:
        return 1
    if arguments.expect_no_changes and plan.changes:
        print("changes were not expected")
        return 1
    if arguments.max_unknown is not None and plan.unknown_share > arguments.max_unknown:
        print(f"{plan.unknown_share:.0%} is unknown until run, more than {arguments.max_unknown:.0%}")
        return 1
    return 2 if plan.changes else 0


def _share(text: str) -> float:
    share = float(text.removesuffix("%")) / 100
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("must be from 0 to 100 percent")
    return share
