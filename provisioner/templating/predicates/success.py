"""Whether a task succeeded: another name of ``succeeded``."""

from __future__ import annotations

from provisioner.templating.predicates.succeeded import succeeded

success = succeeded
