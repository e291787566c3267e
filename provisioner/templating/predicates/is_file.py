"""Whether a path of the controller is a file: another name of ``file``."""

from __future__ import annotations

from provisioner.templating.predicates.file import file

is_file = file
