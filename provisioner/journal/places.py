"""Where runs are kept on the controller, and how a run is named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisioner.diagnostics.home import expanded

VARIABLE = "PROVISIONER_STATE_DIR"
FILE = "journal.jsonl"

_MOMENT = "%Y%m%d-%H%M%S"
# no vowels and no look-alikes: an id is read aloud and typed, and spells no word
_LETTERS = "bcdfghjkmnpqrstvwxz23456789"


def state_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder for everything that outlives a run: the variable's, else XDG's, for root as for anybody."""
    if given := environ.get(VARIABLE):
        return expanded(given)
    base = environ.get("XDG_STATE_HOME", "")
    root = Path(base) if base.startswith("/") else expanded(environ.get("HOME") or "~") / ".local" / "state"
    return root / "provisioner"


def runs_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder that holds one folder a run."""
    return state_dir(environ) / "runs"


def new_run_id(at: float, runs: Path | None = None) -> str:
    """Return a name for a run begun at ``at``; names sort by time (UTC).

    It sorts behind the newest of ``runs`` also in the same second, and where the clock was set back.
    """
    moment = datetime.fromtimestamp(at, UTC).replace(microsecond=0)
    newest = max((path.parent.name for path in runs.glob(f"*/{FILE}")), default="") if runs else ""
    with suppress(ValueError):
        before = datetime.strptime(newest[:15], _MOMENT).replace(tzinfo=UTC)
        moment = max(moment, before + timedelta(seconds=1))
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(4))
    return f"{moment.strftime(_MOMENT)}-{letters}"
