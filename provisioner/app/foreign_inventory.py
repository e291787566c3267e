"""Sources of inventory that only an installed Ansible can read: it reads them, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

from provisioner.bridge import installation
from provisioner.bridge.cache import Cache, folder
from provisioner.diagnostics.errors import InputError

LIMIT_S = 600


def read_by_ansible(path: str, environ: Mapping[str, str]) -> dict[str, object] | None:
    """Return what Ansible reads in a file, in the form of inventory scripts; None where none is installed.

    InputError carries what it said where it cannot read the file either.
    """
    found = installation.find(environ, Cache(folder(environ)))
    if found is None:
        return None
    command = [found.python, "-m", "ansible", "inventory", "-i", path, "--list", "--export"]
    own = {"ANSIBLE_INVENTORY_ENABLED": "auto", "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1", "ANSIBLE_NOCOLOR": "1"}
    try:
        done = subprocess.run(command, env={**environ, **own}, capture_output=True, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError.at(None, f"Ansible cannot be asked about {path}: {error}") from None
    said = done.stderr.decode(errors="replace").strip()
    try:
        answer = json.loads(done.stdout.decode() or "null")
    except ValueError:
        answer = None
    if done.returncode or not isinstance(answer, dict):
        raise InputError.at(None, f"Ansible cannot read {path} either", detail=said)
    return answer
