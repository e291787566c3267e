"""Fabric comes without unittest.mock, and nobody is worse off for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]


def said(program: str) -> str:
    command = [sys.executable, "-c", f"import sys\n{program}"]
    return subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_fabric_is_imported_without_mocks_and_asyncio() -> None:
    loaded = "from provisioner.transport.connections import ssh\nprint({'unittest.mock', 'asyncio'} & set(sys.modules))"
    assert said(loaded) == "set()"


def test_whoever_wants_mocks_later_gets_the_real_ones() -> None:
    program = "import provisioner.transport.fabric_import\nfrom unittest import mock\nprint(mock.patch.__module__)"
    assert said(program) == "unittest.mock"


def test_what_invoke_took_makes_real_mocks() -> None:
    program = (
        "import provisioner.transport.fabric_import\nfrom invoke.context import Mock\nprint(type(Mock(return_value=1)))"
    )
    assert said(program) == "<class 'unittest.mock.Mock'>"


def test_whoever_asks_while_fabric_is_imported_gets_the_real_module() -> None:
    program = (
        "from provisioner.transport.fabric_import import Deferred\n"
        "sys.modules['unittest.mock'] = Deferred('unittest.mock')\n"
        "from unittest.mock import patch\nprint(patch.__module__)"
    )
    assert said(program) == "unittest.mock"
