"""Host names with commas between them, ranges included: ``-i 'web[01:10],db1'``."""

from __future__ import annotations

from provisioner.diagnostics.errors import InputError
from provisioner.loading.draft import UNGROUPED
from provisioner.loading.hostnames import BadRange, OpenRange, expand
from provisioner.loading.source_reading import SourceReading
from provisioner.loading.sources import host_list

accepts = host_list.accepts


def read(path: str, reading: SourceReading) -> None:
    """Add the hosts; a range without an end is a name as it stands."""
    for word in (part.strip() for part in path.split(",")):
        if not word:
            continue
        try:
            names, port = expand(word)
        except OpenRange as error:
            reading.remark(str(error))
            reading.remark(f"Unable to parse address from hostname, leaving unchanged: {word}")
            names, port = [word], None
        except BadRange as error:
            raise InputError.at(None, f"Invalid data from string, could not parse: {error}") from None
        for name in names:
            if name not in reading.draft.hosts:
                reading.draft.add_host(name, UNGROUPED, {} if port is None else {"ansible_port": port})
