"""The content of files of the controller, vaults decrypted."""

from __future__ import annotations

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the text of each file as it is."""
    return [context.read(str(term))[1] for term in terms]
