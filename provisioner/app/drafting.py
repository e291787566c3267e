"""Writes the draft of a playbook for a snapshot."""

from __future__ import annotations

from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.discovery.archive import Archive, beside
from provisioner.discovery.archive import load as load_archive
from provisioner.discovery.drafting.draft import Draft, draft
from provisioner.discovery.snapshot import load


def write_draft(snapshot: Path, folder: Path, *, overwrites: bool) -> Draft:
    """Draft and write; InputError where the folder holds something that is not to be written over."""
    if folder.exists() and not overwrites and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError.at(
            None, f"{folder} is not empty", hint="choose a new folder, or --force to write over a draft"
        )
    contents = beside(snapshot)
    made = draft(load(snapshot), load_archive(contents) if contents.exists() else Archive())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600 if "/files/" in name else 0o644)
        path.write_bytes(content)
    return made
