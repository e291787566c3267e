"""Bring up, reset and take down throw-away hosts to try playbooks on."""

from __future__ import annotations

import argparse
import os

from provisioner.diagnostics.errors import Exit, InputError
from provisioner.lab.commands import Commands
from provisioner.lab.lab import Lab, recorded_labs
from provisioner.lab.places import Places

DEFAULT_HOSTS = "3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--name", default="default", help="which lab (default: %(default)s)")
    up = verbs.add_parser("up", parents=[named], help="start hosts; those that run are left alone")
    up.add_argument(
        "--hosts", help=f"how many (h1 to hN), or names: old,new,lb (default: those it has, else {DEFAULT_HOSTS})"
    )
    verbs.add_parser("down", parents=[named], help="remove the lab and everything it made")
    verbs.add_parser("list", help="show all labs and their hosts")
    ssh = verbs.add_parser("ssh", parents=[named], help="log in to a host, or run a command on it")
    ssh.add_argument("--user", default="root", help="root, ops or deploy (default: %(default)s)")
    ssh.add_argument("host")
    ssh.add_argument("command", nargs=argparse.REMAINDER, help="what to run there instead of a shell")
    reset = verbs.add_parser("reset", parents=[named], help="return one host, or all, to the clean state")
    reset.add_argument("host", nargs="?")
    inventory = verbs.add_parser("inventory", parents=[named], help="print where the inventory is, for -i")
    inventory.add_argument("--show", action="store_true", help="print the inventory itself")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says; return the exit code."""
    if arguments.verb == "list":
        return _list()
    lab = Lab(arguments.name, say=print)
    match arguments.verb:
        case "up":
            return _up(lab, arguments.hosts)
        case "down":
            lab.down()
            print(f"lab {lab.name} is down")
        case "reset":
            for host in lab.reset(arguments.host):
                print(f"{host.name} {host.address} is clean")
        case "ssh":
            return _ssh(lab, arguments)
        case _:
            return _inventory(lab, show=arguments.show)
    return Exit.OK


def _up(lab: Lab, hosts: str | None) -> int:
    known = ",".join(host.name for host in lab.hosts)
    for host in lab.up(hosts or known or DEFAULT_HOSTS):
        print(f"{host.name} {host.address}")
    print(f"inventory: {lab.inventory_path}")
    return Exit.OK


def _list() -> int:
    for record in recorded_labs(Places.from_environment(os.environ).labs):
        lab = Lab(record.lab)
        print(f"{lab.name} {lab.network} {lab.inventory_path}")
        for host in lab.hosts:
            print(f"  {host.name} {host.address} {'running' if lab.is_running(host) else 'stopped'}")
    return Exit.OK


def _ssh(lab: Lab, arguments: argparse.Namespace) -> int:
    host = lab.host(arguments.host)
    return Commands().attached([*lab.ssh_command(host, arguments.user), *arguments.command])


def _inventory(lab: Lab, *, show: bool) -> int:
    if not lab.inventory_path.exists():
        raise InputError.at(None, f"there is no lab called {lab.name}", hint="start one: provisioner lab up")
    print(lab.inventory_path.read_text(encoding="utf-8") if show else lab.inventory_path, end="" if show else "\n")
    return Exit.OK
