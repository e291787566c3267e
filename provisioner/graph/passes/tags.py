"""Selects operations by ``--tags`` and ``--skip-tags``, with the special tags Ansible documents.

https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_tags.html: ``always`` runs unless skipped by name,
``never`` only when asked for, ``tagged``, ``untagged`` and ``all`` stand for sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from provisioner.graph.operation import Branch, Operation, Section


def apply(operations: Iterable[Operation], wanted: frozenset[str], skipped: frozenset[str]) -> Iterator[Operation]:
    """Yield the operations that are to run; the flushes that no one wrote always stay."""
    for operation in operations:
        if operation.task is None or is_selected(operation.keywords.tags, wanted, skipped):
            yield operation


def without_empty_rescues(
    operations: Iterable[Operation], around: Iterable[Branch], written: Iterable[Operation] = ()
) -> list[Operation]:
    """Return the operations; a block of whose ``rescue`` nothing was selected has none. Blocks ``around`` stay.

    A role that is imported in a ``rescue`` is something left of it, though nothing of the role was selected;
    ``written`` are the operations before some were selected.
    """
    kept = list(operations)
    left = {b.block for o in kept for b in o.branches if b.section is Section.RESCUE} | {b.block for b in around}
    left |= _with_roles(written)
    return [_with_what_is_left(o, left) for o in kept]


def _with_roles(operations: Iterable[Operation]) -> set[str]:
    """Return the blocks in whose ``rescue`` a role is used."""
    inside: set[tuple[str, str]] = set()
    outside: set[tuple[str, str]] = set()
    for operation in operations:
        for use in operation.role.uses if operation.role else ():
            for branch in operation.branches:
                (inside if branch.section is Section.RESCUE else outside).add((branch.block, use))
    return {block for block, _ in inside - outside}


def _with_what_is_left(operation: Operation, rescued: set[str]) -> Operation:
    if all(not b.has_rescue or b.block in rescued for b in operation.branches):
        return operation
    branches = tuple(replace(b, has_rescue=b.has_rescue and b.block in rescued) for b in operation.branches)
    return replace(operation, branches=branches)


def is_selected(tags: Iterable[str], wanted: frozenset[str], skipped: frozenset[str]) -> bool:
    """Tell whether something with ``tags`` runs."""
    own = {part.strip() for tag in tags for part in str(tag).split(",")} or {"untagged"}
    return _is_wanted(own, wanted) and not _is_skipped(own, skipped)


def _is_wanted(own: set[str], wanted: frozenset[str]) -> bool:
    if "always" in own or own & wanted:
        return True
    if "never" in own:
        return False
    return "all" in wanted or ("tagged" in wanted and own != {"untagged"})


def _is_skipped(own: set[str], skipped: frozenset[str]) -> bool:
    if "all" in skipped:
        return "always" not in own or "always" in skipped
    if own & skipped:
        return True
    return "tagged" in skipped and own != {"untagged"}
