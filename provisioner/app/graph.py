"""The graph of playbooks as text: dot, mermaid, svg or json."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.app.credentials import Credentials
from provisioner.app.listing import whole
from provisioner.app.wiring import compiled_plays, load
from provisioner.graph.drawing import FORMATS, draw
from provisioner.model.options import RunOptions

__all__ = ["FORMATS", "drawn"]


def drawn(paths: Sequence[str], options: RunOptions, credentials: Credentials, form: str) -> str:
    """Return the graph in one of FORMATS."""
    return draw(compiled_plays(whole(load(paths, options, credentials)), options), form)
