"""Fetch a repository with playbooks to this machine and run one of them here."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import subprocess
import time
from contextlib import chdir
from pathlib import Path

from provisioner.compat import messages
from provisioner.compat import options as shared
from provisioner.compat.commands import playbook
from provisioner.compat.refusal import Refused
from provisioner.compat.showing import say
from provisioner.compat.terminal import configuration_of
from provisioner.diagnostics.errors import ProvisionerError, UnmetNeed

DEFAULT = "local.yml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("playbooks", nargs="*", metavar="playbook", help="playbooks, by their path in the repository")
    shared.add_inventory(parser)
    parser.add_argument("--check", action="store_true", help="change nothing; say what would change")
    parser.add_argument("--diff", action="store_true", help="show what changes inside files")
    shared.add_variables(parser)
    shared.add_run(parser)
    shared.add_module_path(parser)
    parser.add_argument("-t", "--tags", action="append", help="only tasks with one of these tags")
    parser.add_argument("--skip-tags", action="append", help="no task with one of these tags")
    parser.add_argument("--purge", action="store_true", help="remove the checkout afterwards")
    parser.add_argument("-o", "--only-if-changed", dest="ifchanged", action="store_true", help="run only if it changed")
    parser.add_argument("-s", "--sleep", type=int, help="wait at most this many seconds before beginning")
    parser.add_argument(
        "--force", action="store_true", help="run although the checkout could not be brought up to date"
    )
    parser.add_argument("-d", "--directory", dest="dest", type=Path, help="where the checkout is kept")
    parser.add_argument("-U", "--url", required=True, help="URL of the repository")
    parser.add_argument("--full", action="store_true", help="fetch the whole history")
    parser.add_argument("-C", "--checkout", help="branch, tag or commit to check out")
    parser.add_argument("--accept-host-key", action="store_true", help="accept the key of the repository's host")
    parser.add_argument("-m", "--module-name", default="git", choices=("git",), help="how it is fetched: git")
    parser.add_argument("--verify-commit", action="store_true", help="refuse a commit without a good signature")
    parser.add_argument("--clean", action="store_true", help="throw away what was changed in the checkout")
    parser.add_argument("--track-subs", action="store_true", help="bring submodules to their latest commit")


def run(arguments: argparse.Namespace) -> int:
    """Fetch, then run; return the exit code."""
    if arguments.sleep:
        time.sleep(random.uniform(0, arguments.sleep))  # noqa: S311 - spreads load, keeps no secret
    folder = (arguments.dest or Path("~/.ansible/pull") / socket.getfqdn()).expanduser().absolute()
    has_changed = _fetch(arguments, folder)
    if arguments.ifchanged and not has_changed:
        say("Repository has not changed, quitting.")
        return 0
    with chdir(folder):  # a configuration in the checkout counts
        code = _play(arguments, folder)
    if arguments.purge:
        shutil.rmtree(folder)
    return code


def _play(arguments: argparse.Namespace, folder: Path) -> int:
    paths = [str(folder / each) for each in arguments.playbooks] or [_default(folder)]
    names = (socket.getfqdn(), socket.gethostname(), "localhost", "127.0.0.1")
    given = vars(arguments) | {
        "playbooks": paths,
        "inventory": arguments.inventory or _inventory(folder),
        "limit": arguments.limit or ",".join(dict.fromkeys(names)),
        "connection": arguments.connection or "local",
        "start_at_task": None, "step": False, "force_handlers": False, "flush_cache": False,
        "syntax_check": False, "list_tasks": False, "list_tags": False,
    }  # fmt: skip
    return playbook.run(argparse.Namespace(**given))


def _default(folder: Path) -> str:
    names = [f"{socket.getfqdn()}.yml", f"{socket.gethostname()}.yml", DEFAULT]
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise Refused(f"Could not find a playbook to run: looked for {', '.join(names)} in {folder}")
    return str(found)


def _inventory(folder: Path) -> list[str]:
    """Return the inventory where none is given: one in the checkout, else what is configured, else this machine."""
    if (folder / "hosts").exists():
        return [str(folder / "hosts")]
    return [] if configuration_of(os.environ).given("DEFAULT_HOST_LIST") else ["localhost,"]


def _fetch(arguments: argparse.Namespace, folder: Path) -> bool:
    """Bring the checkout to what is wanted; tell whether that changed it."""
    before = _git(folder, "rev-parse", "HEAD") if (folder / ".git").exists() else ""
    try:
        if not before:
            folder.parent.mkdir(parents=True, exist_ok=True)
            _git(folder.parent, "clone", "--quiet", arguments.url, str(folder))
        if arguments.clean:
            _git(folder, "reset", "--quiet", "--hard")
        _git(folder, "fetch", "--quiet", "--tags", arguments.url, arguments.checkout or "HEAD")
        _git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        if arguments.verify_commit:
            _git(folder, "verify-commit", "HEAD")
        if arguments.track_subs:
            _git(folder, "submodule", "--quiet", "update", "--init", "--recursive", "--remote")
    except ProvisionerError as error:
        if not arguments.force or not (folder / ".git").exists():
            raise
        messages.tell_warning(f"Unable to update repository. Continuing with (forced) run of playbook: {error}")
    return _git(folder, "rev-parse", "HEAD") != before


def _git(folder: Path, *words: str) -> str:
    program = shutil.which("git")
    if program is None:
        raise UnmetNeed("git was not found", "install it")
    done = subprocess.run([program, "-C", str(folder), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProvisionerError(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
