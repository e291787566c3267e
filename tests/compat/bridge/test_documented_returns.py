"""Every return value that the documentation of Ansible's module names is described for ours of that name, too.

That what is described comes back, and nothing else, is for the tables in ``tests/modules``.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner import catalog
from provisioner.bridge.installation import VARIABLE
from provisioner.reporting.reference import returns_of
from tests.compat.sides import oracle_programs

pytestmark = pytest.mark.compat

NOT_HERE = {
    "authorized_key": {"key_option", "unique"},
    "get_url": {"secontext"},
    "git": {"warnings"},
    "openssl_privatekey_info": {"private_data"},
    "parted": {"partition_info"},
}
"""Each is in docs/compat.md, with its reason."""
ANOTHER_THING = {"postgresql_copy"}
"""Ours of that name does something else; what Ansible's does is left to the bridge."""
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "compat.md"


def asked(*words: str) -> dict[str, Any]:
    """Return what ``ansible-doc`` of the release that is compared with says of modules; with collections if named."""
    programs = Path(os.environ[VARIABLE]).parent if VARIABLE in os.environ else oracle_programs()
    program = str(programs / "ansible-doc")
    done = subprocess.run([program, "-t", "module", "-j", *words], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_each_documented_value_is_described() -> None:
    ours = {*catalog.names("module"), *catalog.names("action")}
    theirs = asked("-l")
    full = {name: prefix + name for prefix in catalog.COLLECTIONS for name in ours if prefix + name in theirs}
    found = asked(*full.values())
    missing = {
        name: set(found[full[name]].get("return") or ()) - set(returns_of(name))
        for name in sorted(full.keys() - ANOTHER_THING)
    }
    assert {name: keys for name, keys in missing.items() if keys - NOT_HERE.get(name, set())} == {}
    assert len(full) > 50


def test_each_value_that_is_not_here_is_told() -> None:
    rows = [line for line in DOCUMENTATION.read_text("utf-8").splitlines() if line.startswith("|")]
    for name, keys in NOT_HERE.items():
        for key in keys:
            assert any(f"`{name}`" in row and f"`{key}`" in row for row in rows), (name, key)
