"""Compares versions: the old name of ``version``."""

from __future__ import annotations

from provisioner.templating.predicates.version import version

version_compare = version
