"""What commands on the controller print, line by line."""

from __future__ import annotations

from provisioner.templating.context import LookupContext
from provisioner.templating.lookups.pipe import run as outputs


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the lines of the output of all commands."""
    return [line for text in outputs(terms, context) for line in str(text).splitlines()]
