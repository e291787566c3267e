"""Refuse, clearly: there is no interactive console here."""

from __future__ import annotations

import argparse

from provisioner.diagnostics.errors import UnmetNeed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take whatever comes."""
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="anything")


def run(_arguments: argparse.Namespace) -> int:
    """Say what to use instead."""
    raise UnmetNeed("provisioner has no interactive console", "run one module with 'ansible PATTERN -m MODULE -a ARGS'")
