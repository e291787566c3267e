"""Options that several of Ansible's commands share; the names and places where they are kept are those of ours."""

from __future__ import annotations

import argparse
import os

from provisioner.cli import options as ours
from provisioner.compat.terminal import configuration_of
from provisioner.diagnostics.home import expanded


def add_inventory(parser: argparse.ArgumentParser, *, hosts: bool = True) -> None:
    """Declare where hosts come from."""
    ours.add_inventory_options(parser)
    if hosts:
        parser.add_argument("--list-hosts", action="store_true", help="show the hosts that match, run nothing")


def add_variables(parser: argparse.ArgumentParser) -> None:
    """Declare extra variables and vault passwords."""
    ours.add_variable_options(parser)


def add_vault(parser: argparse.ArgumentParser) -> None:
    """Declare vault passwords alone."""
    parser.add_argument("--vault-id", action="append", default=[], help="a vault password by id; may be repeated")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-J", "--ask-vault-password", "--ask-vault-pass", dest="ask_vault_pass", action="store_true",
                       help="ask for a vault password")  # fmt: skip
    group.add_argument("--vault-password-file", "--vault-pass-file", action="append", default=[],
                       help="a file or executable that holds a vault password")  # fmt: skip


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declare how hosts are reached, as whom, and on how many at once."""
    ours.add_connection_options(parser)
    parser.add_argument("--sftp-extra-args", help="accepted: files travel inside the one connection")
    parser.add_argument("--scp-extra-args", help="accepted: files travel inside the one connection")


def add_check(parser: argparse.ArgumentParser) -> None:
    """Declare check mode and diff."""
    parser.add_argument("-C", "--check", action="store_true", help="change nothing; say what would change")
    parser.add_argument("-D", "--diff", action="store_true", help="show what changes inside files")


def add_module_path(parser: argparse.ArgumentParser) -> None:
    """Declare further folders of modules."""
    parser.add_argument("-M", "--module-path", action="append", default=[], metavar="FOLDERS",
                        help="further folders of modules, with colons between them; may be repeated")  # fmt: skip


def add_basedir(parser: argparse.ArgumentParser) -> None:
    """Declare the folder that stands for that of a playbook."""
    parser.add_argument("--playbook-dir", metavar="BASEDIR", help="work as if a playbook lay in this folder")


def basedir(arguments: argparse.Namespace) -> str:
    """Return that folder: the one given, else the configured one, else the current one."""
    given = arguments.playbook_dir or configuration_of(os.environ).text("PLAYBOOK_DIR")
    return str(expanded(given).absolute()) if given else "."
