"""Fabric comes without what it names and never needs, and nobody is worse off for it."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]


def said(program: str) -> str:
    command = [sys.executable, "-c", f"import sys\n{program}"]
    return subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_fabric_is_imported_without_mocks_yaml_and_the_reader_of_metadata() -> None:
    unwanted = {"unittest.mock", "asyncio", "invoke.vendor.yaml", "importlib.metadata", "email"}
    loaded = f"from provisioner.transport.connections import ssh\nprint({unwanted} & set(sys.modules))"
    assert said(loaded) == "set()"


def test_paramiko_knows_its_version_all_the_same() -> None:
    program = "import provisioner.transport.fabric_import\nimport paramiko\nprint(paramiko.__version__)"
    assert said(program) == metadata.version("paramiko")


def test_a_version_that_is_not_found_by_name_comes_from_the_real_reader() -> None:
    program = (
        "from provisioner.transport.fabric_import import DeferredMetadata\n"
        "stand_in = DeferredMetadata('importlib.metadata')\n"
        "try:\n    stand_in.version('no-such-distribution')\n"
        "except Exception as error:\n    print(type(error).__name__)"
    )
    assert said(program) == "PackageNotFoundError"


def test_invoke_reads_yaml_all_the_same() -> None:
    program = (
        "import provisioner.transport.fabric_import\nfrom invoke.util import yaml\nprint(yaml.safe_load('a: [1, 2]'))"
    )
    assert said(program) == "{'a': [1, 2]}"


def test_whoever_wants_metadata_later_gets_the_real_reader() -> None:
    program = (
        "import provisioner.transport.fabric_import\nfrom importlib import metadata\n"
        "print(metadata.distribution.__module__)"
    )
    assert said(program) == "importlib.metadata"


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
        "from provisioner.transport.fabric_import import DeferredMocks\n"
        "sys.modules['unittest.mock'] = DeferredMocks('unittest.mock')\n"
        "from unittest.mock import patch\nprint(patch.__module__)"
    )
    assert said(program) == "unittest.mock"
