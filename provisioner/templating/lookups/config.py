"""Settings of this program."""

from __future__ import annotations

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed


def run(terms: list[object], context: LookupContext, *, on_missing: str = "error") -> list[object]:
    """Return the value of each setting (``DEFAULT_ROLES_PATH``); ``on_missing`` is error, warn or skip."""
    found: list[object] = []
    for term in terms:
        if str(term) in context.settings.config:
            found.append(context.settings.config[str(term)])
        elif on_missing == "error":
            raise LookupFailed(f"there is no setting '{term}'")
    return found
