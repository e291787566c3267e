"""Whether a list has all of another: another name of ``superset``."""

from __future__ import annotations

from provisioner.templating.predicates.superset import superset

issuperset = superset
