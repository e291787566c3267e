"""The ``apply`` option of includes: keywords for what is included, read like those of a block."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position
from provisioner.loading.keywords import read_keywords
from provisioner.loading.reading import Reading
from provisioner.loading.settings import LoadSettings
from provisioner.model.keywords import EMPTY, Keywords


def apply_keywords(written: object, position: Position) -> Keywords:
    """Return the keywords of an ``apply`` mapping; InputError where something in it is none."""
    if not written:
        return EMPTY
    if not isinstance(written, Mapping):
        raise InputError.at(position, "'apply' must be a dictionary of keywords")
    reading = Reading(LoadSettings(), Findings(), ".", ".")
    keywords = read_keywords(written, "block", reading)
    if reading.findings.errors:
        raise InputError(reading.findings.errors)
    return keywords
