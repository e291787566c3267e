"""Who plays which part: the host roles of a definition as hosts of an inventory."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.loading.patterns import select
from provisioner.migration.steps import NEW, OLD
from provisioner.model.inventory import Inventory
from provisioner.model.migration import Migration
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Casting:
    """Host roles with their hosts and addresses; ``peers`` pairs old and new by their place in the list, both ways."""

    hosts: Mapping[str, tuple[str, ...]]
    peers: Mapping[str, str]
    addresses: Mapping[str, tuple[str, ...]]


def cast(migration: Migration, inventory: Inventory, instead: Mapping[str, object] | None = None) -> Casting:
    """Return the hosts of each role; ``instead`` gives other patterns, as a rehearsal does.

    InputError where a role has no host, or old and new cannot be paired.
    """
    hosts: dict[str, tuple[str, ...]] = {}
    patterns = {**migration.hosts, **(instead or {})}
    for role, pattern in patterns.items():
        words = [str(each) for each in pattern] if isinstance(pattern, list) else str(pattern)
        hosts[role] = tuple(select(inventory, words))
        if not hosts[role]:
            at = position_of(pattern) or position_of(role) or migration.position
            raise InputError.at(at, f"migration {migration.name}: host role '{role}' has no host: '{pattern}'")
    old, new = hosts[OLD], hosts[NEW]
    if len(old) != len(new) or set(old) & set(new):
        said = f"old is {', '.join(old)}, new is {', '.join(new)}"
        raise InputError.at(
            migration.position, f"migration {migration.name}: every old host needs a new one of its own", detail=said
        )
    peers = {**dict(zip(old, new, strict=True)), **dict(zip(new, old, strict=True))}
    addresses = {role: tuple(_address(inventory, each) for each in names) for role, names in hosts.items()}
    return Casting(hosts, peers, addresses)


def _address(inventory: Inventory, host: str) -> str:
    """Return where a host is reached, as far as the inventory says it in plain words; else its name."""
    return str(inventory.hosts[host].vars.get("ansible_host") or host)
