"""Where what was worked out once is kept on the controller: the user's own cache folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, partial

from provisioner.diagnostics.home import expanded
from provisioner.remote.compiled import Compiled
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.kept_sources import KeptSources

MOST_TEMPLATES = 4000
"""How many compiled template files are kept."""
MOST_SOURCES = 1000
"""How many slimmed sources are kept; a version has 300."""


def kept_templates() -> Compiled:
    """Return what keeps compiled template files."""
    return _kept(os.environ, "templates", MOST_TEMPLATES)


def worker_sources() -> ModuleSources:
    """Return the worker's sources; what was made of them before is looked for when it is needed."""
    return ModuleSources(kept=KeptSources(cache(partial(_kept, os.environ, "sources", MOST_SOURCES))))


def _kept(environ: Mapping[str, str], kind: str, most: int) -> Compiled:
    if given := environ.get("XDG_CACHE_HOME"):
        return Compiled(given, f"provisioner/{kind}", most)
    return Compiled(str(expanded(environ.get("HOME") or "~")), f".cache/provisioner/{kind}", most)
