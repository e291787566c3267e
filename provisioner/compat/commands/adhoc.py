"""Run a single module against a set of hosts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace

from provisioner.app.run import NO_HOSTS, run_loaded, with_settings
from provisioner.app.wiring import Loaded, Single, load_module
from provisioner.cli.asking import ask
from provisioner.cli.options import credentials_from, run_options
from provisioner.cli.output import polite
from provisioner.compat import messages
from provisioner.compat import options as shared
from provisioner.compat.refusal import Refused
from provisioner.compat.showing import renderers, say
from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import ProvisionerError
from provisioner.loading.patterns import select
from provisioner.model.options import AT_RUN

NEEDS_ARGUMENTS = frozenset({"command", "shell", "raw", "script", "win_command", "win_shell"})
POLL_S = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("pattern", help="host pattern")
    parser.add_argument("-m", "--module-name", default="command", help="name of the module (default: %(default)s)")
    parser.add_argument("-a", "--args", default="", help="its parameters: key=value words, free form or a JSON object")
    parser.add_argument("-P", "--poll", dest="poll_interval", type=int, default=POLL_S,
                        help="how often to look after -B, in seconds (default: %(default)s)")  # fmt: skip
    parser.add_argument("-B", "--background", dest="seconds", type=int, default=0, help="run for at most this long")
    parser.add_argument("-o", "--one-line", action="store_true", help="one line a host")
    parser.add_argument("-t", "--tree", help="write a file a host into this folder")
    parser.add_argument("--task-timeout", type=int, default=0, help="end the task after this many seconds")
    shared.add_inventory(parser)
    shared.add_check(parser)
    shared.add_variables(parser)
    shared.add_run(parser)
    shared.add_module_path(parser)
    shared.add_basedir(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the module; return the exit code."""
    credentials = credentials_from(arguments, messages.tell_warning)
    options = replace(run_options(arguments, credentials, messages.tell_warning), mistakes=AT_RUN)
    loaded = load_module(arguments.pattern, _single(arguments), options, credentials)
    hosts = _hosts(arguments.pattern, loaded, options.limit)
    if arguments.list_hosts:
        say("\n".join([f"  hosts ({len(hosts)}):", *(f"    {host}" for host in hosts)]))
        return 0
    if not hosts:
        messages.tell_warning("No hosts matched, nothing to do")
        return 0
    with renderers(arguments, "oneline" if arguments.one_line else "minimal") as sinks:
        return run_loaded(loaded, with_settings(options, loaded), credentials, sinks, polite(ask, sinks))


def _hosts(pattern: str, loaded: Loaded, limit: str | None) -> tuple[str, ...]:
    """Return the hosts of the pattern; where there are none nothing runs, and so what is wrong is told here."""
    findings = Findings()
    within = select(loaded.inventory, limit, findings) if limit else None
    if limit and not within:
        raise ProvisionerError(NO_HOSTS)
    found = select(loaded.inventory, pattern, findings, within=within)
    for each in (*loaded.warnings, *findings.warnings) if not found else ():
        messages.tell_warning(each.summary)
    return tuple(found)


def _single(arguments: argparse.Namespace) -> Single:
    given = _written(arguments.args)
    name = arguments.module_name
    if name.rpartition(".")[2] in NEEDS_ARGUMENTS and not given and not arguments.list_hosts:
        raise Refused(f"No argument passed to {name} module")
    keywords: dict[str, object] = {}
    if arguments.seconds:
        keywords |= {"async": arguments.seconds, "poll": arguments.poll_interval}
    if arguments.task_timeout:
        keywords["timeout"] = arguments.task_timeout
    return Single(name, given, keywords, shared.basedir(arguments))


def _written(text: str) -> str | Mapping[str, object]:
    """Return the parameters: a mapping where they are written as JSON, else the text behind the module's name."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text
