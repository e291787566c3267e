"""Whether a list is part of another: another name of ``subset``."""

from __future__ import annotations

from provisioner.templating.predicates.subset import subset

issubset = subset
