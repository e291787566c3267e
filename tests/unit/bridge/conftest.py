"""A bridge over a small installation made for the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from provisioner.bridge.bridge import Bridge, Place
from provisioner.bridge.cache import Cache
from provisioner.loading.collections import Collections
from tests.support import foreign


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the package folder of an installation that has one collection beside it."""
    package = foreign.library(tmp_path / "site")
    text = "from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(ok=1)\n"
    foreign.write(
        tmp_path / "site" / "ansible_collections" / "ns" / "coll",
        {"plugins/modules/here.py": text, "plugins/modules/acts.py": text, "plugins/action/acts.py": ""},
    )
    return package


@pytest.fixture
def python(tmp_path: Path, installed: Path) -> Path:
    """Return the installation's interpreter."""
    path = tmp_path / "bin" / "python"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexport PYTHONPATH={installed.parent}\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def bridge(tmp_path: Path, python: Path) -> Bridge:
    return Bridge({"PROVISIONER_ANSIBLE_PYTHON": str(python), "PATH": ""}, Cache(tmp_path / "cache"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place with a library folder and a module_utils folder of the user's own."""
    for name in ("library", "module_utils"):
        (tmp_path / name).mkdir()
    return Place((str(tmp_path / "library"),), (str(tmp_path / "module_utils"),), (), Collections())
