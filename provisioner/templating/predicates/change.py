"""Whether a task changed something: another name of ``changed``."""

from __future__ import annotations

from provisioner.templating.predicates.changed import changed

change = changed
