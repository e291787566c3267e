"""How a run begins: the event that says what was asked for, and the way back from it to the same options."""

from __future__ import annotations

import getpass
import hashlib
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from provisioner import __version__
from provisioner.app.wiring import Loaded
from provisioner.journal.places import new_run_id, runs_dir
from provisioner.model.event import RunStarted
from provisioner.model.options import RunOptions
from provisioner.model.recall import Recall

NOT_TOLD = frozenset({"connection_password", "become_password", "policy", "inventories"})
"""Options that are not in the record: secrets, what configuration files say, and what has a field of its own."""


def run_started(loaded: Loaded, options: RunOptions, at: float, recall: Recall | None) -> RunStarted:
    """Return the first event of a run. Its options are enough to resume it, but for passwords."""
    run = new_run_id(at, runs_dir(os.environ))
    told: dict[str, object] = {
        each.name: _plain(getattr(options, each.name)) for each in fields(options) if each.name not in NOT_TOLD
    }
    told["folder"] = str(Path.cwd())
    told["plays"] = len(loaded.playbook.plays)
    told["inputs"] = fingerprint(loaded)
    told["record"] = record_of(recall.started) if recall else run
    if recall:
        told["resumes"], told["unknown"] = recall.started.run, recall.decided
    return RunStarted(run, at, __version__, loaded.playbook.paths, options.inventories, getpass.getuser(), told)


def record_of(started: RunStarted) -> str:
    """Return the run under whose name hosts keep the record of operations: the first of those that resume another."""
    return str(started.options.get("record", started.run))


def options_of(started: RunStarted) -> RunOptions:
    """Return the options a run was started with; passwords and settings are not among them."""
    known = {each.name: each for each in fields(RunOptions) if each.name not in NOT_TOLD}
    values: dict[str, Any] = {name: started.options[name] for name in known if name in started.options}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return RunOptions(inventories=tuple(started.inventories), **values)


def fingerprint(loaded: Loaded) -> Mapping[str, str]:
    """Return a checksum of every file that was read so far to know what is to be done."""
    return {path: checksum(path) for path in sorted(loaded.loading.files.paths)}


def checksum(path: str) -> str:
    """Return the checksum of a file as a fingerprint has it; nothing where it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
