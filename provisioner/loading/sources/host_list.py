"""Host names with commas between them: ``-i web1,web2:2222,``."""

from __future__ import annotations

from pathlib import Path

from provisioner.loading.draft import UNGROUPED
from provisioner.loading.hostnames import split_port
from provisioner.loading.source_reading import SourceReading


def accepts(path: str, _reading: SourceReading) -> bool:
    """Tell whether these are names."""
    return "," in path and not Path(path).exists()


def read(path: str, reading: SourceReading) -> None:
    """Add the hosts."""
    for word in (part.strip() for part in path.split(",")):
        if word:
            name, port = split_port(word)
            if name not in reading.draft.hosts:
                reading.draft.add_host(name, UNGROUPED, {} if port is None else {"ansible_port": port})
