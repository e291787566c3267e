"""Whether a number is none: another name of ``nan``."""

from __future__ import annotations

from provisioner.templating.predicates.nan import nan

isnan = nan
