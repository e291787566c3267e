"""Reads YAML."""

from __future__ import annotations

from provisioner.diagnostics.position import Source
from provisioner.syntax.yaml import load
from provisioner.templating.encoding import plain_data


def from_yaml(data: object) -> object:
    """Return the data of a YAML text (1.1: ``yes`` is true); what is no text stays as it is.

    >>> from_yaml("a: yes")
    {'a': True}
    """
    return plain_data(load(Source("from_yaml", str(data)))) if isinstance(data, str) else data
