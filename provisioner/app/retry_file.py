"""Writes the hosts that a run did not bring to its end to a file, for ``--limit @file``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from provisioner.diagnostics.home import expanded


def write_retry_file(playbooks: Sequence[str], folder: str | None, hosts: Iterable[str]) -> Path | None:
    """Write the file of the first playbook; return where it is, None where there is nothing to write.

    ``folder`` is where such files go: beside the playbook where it is empty, nowhere where it is None. OSError where
    the file cannot be written.
    """
    names = sorted(hosts)
    if folder is None or not playbooks or not names:
        return None
    playbook = Path(playbooks[0]).absolute()
    place = expanded(folder) if folder else playbook.parent
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{playbook.stem}.retry"
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return path
