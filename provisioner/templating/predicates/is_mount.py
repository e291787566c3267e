"""Whether a path of the controller is a mount point: another name of ``mount``."""

from __future__ import annotations

from provisioner.templating.predicates.mount import mount

is_mount = mount
