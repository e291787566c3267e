"""Whether a task failed: another name of ``failed``."""

from __future__ import annotations

from provisioner.templating.predicates.failed import failed

failure = failed
