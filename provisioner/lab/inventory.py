"""The inventory of a lab in Ansible's YAML form, complete enough to be used as it is."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from .image import DEPLOY_PASSWORD


def ssh_options(known_hosts: Path) -> list[str]:
    """Return the OpenSSH options that trust these hosts' keys and no others."""
    return [
        *("-o", f"UserKnownHostsFile={known_hosts}", "-o", "GlobalKnownHostsFile=/dev/null"),
        *("-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"),
    ]


def inventory_text(lab: str, addresses: Mapping[str, str], key: Path, known_hosts: Path) -> str:
    """Return the inventory; JSON's strings are YAML's, so every value is quoted the safe way."""
    common = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_common_args": shlex.join(ssh_options(known_hosts)),
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_become_password": DEPLOY_PASSWORD,
    }
    lines = [
        f"# hosts of the lab {lab}; written by 'provisioner lab up', removed by 'provisioner lab down'",
        "# users: root; ops (sudo without a password); deploy (sudo with the password below)",
        "all:",
        "  vars:",
        *(f"    {name}: {json.dumps(value)}" for name, value in common.items()),
        "  hosts:",
    ]
    for name, address in addresses.items():
        lines += [f"    {name}:", f"      ansible_host: {address}"]
    return "\n".join(lines) + "\n"
