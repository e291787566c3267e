"""Whether a name is that of a module."""

from __future__ import annotations

from provisioner import catalog


def a_module(term: object) -> bool:
    """Tell whether there is a module of that name among ours.

    >>> a_module("ansible.builtin.copy"), a_module("no_such_module")
    (True, False)
    """
    short = str(term).rpartition(".")[2]
    return any(short in catalog.names(kind) for kind in ("module", "action"))
