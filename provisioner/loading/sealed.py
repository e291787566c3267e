"""Variable files that could not be opened, and whether a playbook needs them: the password of one of several vaults."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.diagnostics.diagnostic import Diagnostic, Findings
from provisioner.diagnostics.errors import InputError
from provisioner.loading.patterns import select
from provisioner.loading.reading import is_template
from provisioner.model.inventory import Inventory
from provisioner.model.play import Play


def needed_but_sealed(plays: Iterable[Play], inventory: Inventory, limit: str | None) -> tuple[Diagnostic, ...]:
    """Return why files could not be opened that hosts of these plays need; a play whose hosts are a template may not.

    Such a play, and hosts that come while running, find out when they are due.
    """
    if not inventory.sealed(inventory.hosts):
        return ()
    try:
        within = select(inventory, limit, Findings()) if limit else None
        hosts = [
            host
            for play in plays
            if not is_template(str(play.hosts))
            for host in select(inventory, _pattern(play.hosts), Findings(), within=within)
        ]
    except InputError:
        return ()  # a pattern that is wrong is told in its own turn
    return inventory.sealed(dict.fromkeys(hosts))


def _pattern(hosts: object) -> str | list[str]:
    return [str(each) for each in hosts] if isinstance(hosts, (list, tuple)) else str(hosts)
