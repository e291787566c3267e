"""What commands on the controller print."""

from __future__ import annotations

import subprocess

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the output of each shell command; one that fails is an error."""
    folder = _folder(context)
    return [_output(str(term), folder) for term in terms]


def _output(command: str, folder: str | None) -> str:
    done = subprocess.run(command, shell=True, capture_output=True, cwd=folder, check=False)  # noqa: S602 - a shell is its point
    if done.returncode:
        raise LookupFailed(
            f"command '{command}' ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()}"
        )
    return done.stdout.decode("utf-8", "surrogateescape").rstrip()


def _folder(context: LookupContext) -> str | None:
    found = context.scope.find("playbook_dir")
    return str(found.value) if found is not None else None
