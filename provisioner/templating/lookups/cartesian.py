"""Every combination of the items of lists: another name of ``nested``."""

from __future__ import annotations

from provisioner.templating.lookups.nested import run

__all__ = ["run"]
