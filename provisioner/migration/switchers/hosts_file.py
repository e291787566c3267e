"""Lets names mean the new server in the tables (/etc/hosts) of the hosts that use it."""

# ruff: noqa: ARG001 - every switcher's verbs take the same arguments

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, optional, required


class Params(Parameters):
    """Which names on which hosts."""

    on: str = optional("str", "The host role of those that use the names.", "clients")
    host_names: list[str] = required("list", "The names.", elements="str")
    old: str | None = optional("str", "The old server's address; that of the inventory.")
    new: str | None = optional("str", "The new server's address; that of the inventory.")
    path: str = optional("path", "The table.", "/etc/hosts")


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Make the names stand for the old server in a line of their own."""
    return [_step(name, params, "stands for old", address=_address(params, OLD))]


def point_to(name: str, params: Params) -> Sequence[Step]:
    """Let the names stand for the new server."""
    return [_step(name, params, "stands for new", address=_address(params, NEW))]


def back(name: str, params: Params) -> Sequence[Step]:
    """Let the names stand for the old server."""
    return [_step(name, params, "stands for old", address=_address(params, OLD))]


def current(name: str, params: Params, to: str) -> Sequence[Step]:
    """Fail unless the names stand for ``to`` and nothing else."""
    return [_step(name, params, f"is at {to}", state="current", address=_address(params, to))]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what each of the hosts does alone."""
    return [{"module": "hosts_switch", "params": {**_words(params), "address": _address(params, OLD)}}]


def _step(name: str, params: Params, says: str, **more: object) -> Step:
    return Step(params.on, {"name": f"{name}: {says}", "hosts_switch": {**_words(params), **more}})


def _words(params: Params) -> dict[str, object]:
    return {"id": "{{ migration.id }}", "host_names": list(params.host_names), "path": params.path}


def _address(params: Params, side: str) -> str:
    given = params.old if side == OLD else params.new
    return given or f"{{{{ migration.addresses.{side}[0] }}}}"
