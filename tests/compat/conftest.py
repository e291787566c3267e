"""The two sides, with an inventory each that differs only in the scratch folder on the hosts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the modules beside this file are no package, as no other test needs them

from sides import Ours, Theirs, oracle_programs  # noqa: E402


def write_inventory(lab: Lab, folder: Path, scratch: str) -> Path:
    """Write an inventory folder: the groups beside this file, and where the lab's hosts are."""
    shutil.copytree(HERE / "inventory", folder)
    text = lab.inventory_path.read_text("utf-8")
    text = text.replace("  vars:\n", f"  vars:\n    scratch: {json.dumps(scratch)}\n", 1)
    (folder / "hosts.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def theirs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Theirs:
    """ansible-core."""
    scratch = "/tmp/compat-a"
    inventory = write_inventory(lab, tmp_path_factory.mktemp("theirs") / "inventory", scratch)
    return Theirs("theirs", inventory, scratch, oracle_programs())


@pytest.fixture(scope="session")
def ours(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """This project."""
    scratch = "/tmp/compat-b"
    inventory = write_inventory(lab, tmp_path_factory.mktemp("ours") / "inventory", scratch)
    return Ours("ours", inventory, scratch)


@pytest.fixture
def clean(lab: Lab, ours: Ours, theirs: Theirs) -> Callable[[], None]:
    """Return a function that takes the scratch folders away."""

    def away() -> None:
        for host in lab.hosts:
            command = [*lab.ssh_command(host), "rm", "-rf", f"{ours.scratch}*", f"{theirs.scratch}*"]
            subprocess.run(command, check=True, timeout=30)

    return away
