"""Whether a task was skipped: another name of ``skipped``."""

from __future__ import annotations

from provisioner.templating.predicates.skipped import skipped

skip = skipped
