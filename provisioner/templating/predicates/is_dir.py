"""Whether a path of the controller is a folder: another name of ``directory``."""

from __future__ import annotations

from provisioner.templating.predicates.directory import directory

is_dir = directory
