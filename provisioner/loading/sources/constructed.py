"""Variables and groups made with templates from what earlier sources say: ``plugin: constructed``."""

from __future__ import annotations

from provisioner.diagnostics.errors import InputError
from provisioner.loading.constructing import Constructor, read_construct
from provisioner.loading.files import shown
from provisioner.loading.source_reading import SourceReading, is_config_file, read_config

accepts = is_config_file


def read(path: str, reading: SourceReading) -> None:
    """Make variables and groups of every host there is so far."""
    config = read_config(path, reading, "constructed")
    construct = read_construct(config, reading)
    try:
        Constructor(reading, construct).apply(list(reading.draft.hosts))
    except InputError as error:
        first = error.diagnostics[0]
        raise InputError.at(
            first.position, f"failed to parse {shown(path)}: {first.summary}", detail=first.detail, hint=first.hint
        ) from None
