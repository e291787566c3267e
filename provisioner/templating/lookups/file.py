"""The content of files of the controller."""

from __future__ import annotations

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext, *, lstrip: bool = False, rstrip: bool = True) -> list[object]:
    """Return the text of each file, looked for in ``files/`` of role and playbook; white space at the end goes."""
    found: list[object] = []
    for term in terms:
        _, text = context.read(str(term))
        text = text.lstrip() if lstrip else text
        found.append(text.rstrip() if rstrip else text)
    return found
