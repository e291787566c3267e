"""Versions of installed collections."""

from __future__ import annotations

from provisioner.templating.context import LookupContext


def run(
    terms: list[object], context: LookupContext, *, result_not_found: object = None, result_no_version: object = "*"
) -> list[object]:
    """Return the version of each collection (``ns.name``), ``result_not_found`` for those that are not installed."""
    known: dict[str, object] = {}
    for each in context.settings.collections.installed():
        known.setdefault(each.name, result_no_version if each.version == "*" else each.version)
    return [known.get(str(term), result_not_found) for term in terms]
