"""Reads a YAML text of several documents."""

from __future__ import annotations

from provisioner.diagnostics.position import Source
from provisioner.syntax.yaml import load_all
from provisioner.templating.encoding import plain_data


def from_yaml_all(data: object) -> object:
    """Return the data of every document.

    >>> from_yaml_all("a: 1\\n---\\nb: 2\\n")
    [{'a': 1}, {'b': 2}]
    """
    return plain_data(load_all(Source("from_yaml_all", str(data)))) if isinstance(data, str) else data
