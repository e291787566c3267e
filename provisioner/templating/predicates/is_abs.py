"""Whether a path is absolute: another name of ``abs``."""

from __future__ import annotations

from provisioner.templating.predicates.abs import abs as is_absolute

is_abs = is_absolute
