"""Whether a path of the controller is a symbolic link: another name of ``link``."""

from __future__ import annotations

from provisioner.templating.predicates.link import link

is_link = link
