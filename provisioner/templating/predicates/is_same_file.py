"""Whether two paths of the controller are one file: another name of ``same_file``."""

from __future__ import annotations

from provisioner.templating.predicates.same_file import same_file

is_same_file = same_file
