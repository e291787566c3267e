"""The catalog: what is shipped, and what other distributions add through entry points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioner import catalog

PROJECT = Path(__file__).parents[2]


def asked(code: str, *folders: Path) -> str:
    """Return what ``code`` prints in a process of its own with distributions in ``folders``."""
    path = [str(PROJECT), *map(str, folders)]
    program = f"import sys; sys.path[:0] = {path!r}\nfrom provisioner import catalog\n{code}"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


def distribution(folder: Path, name: str, entry_points: str, source: str = "") -> Path:
    """Write an installed distribution with one module of the same name."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return folder


def test_other_distributions_add_extensions_of_several_kinds(tmp_path: Path) -> None:
    points = (
        "[provisioner.filter]\nshout = loud\n[provisioner.lookup]\necho = loud\n[console_scripts]\nloud = loud:main\n"
    )
    folder = distribution(tmp_path, "loud", points, "NAME = 'loud'\n")
    assert asked("print(catalog.load('filter', 'shout').NAME)", folder) == "loud"
    assert asked("print('echo' in catalog.names('lookup'), 'loud' in catalog.names('test'))", folder) == "True False"


def test_the_distribution_that_comes_first_on_the_path_counts(tmp_path: Path) -> None:
    first = distribution(tmp_path / "first", "one", "[provisioner.filter]\nshout = one\n", "NAME = 'one'\n")
    second = distribution(tmp_path / "second", "two", "[provisioner.filter]\nshout = two\n", "NAME = 'two'\n")
    assert asked("print(catalog.load('filter', 'shout').NAME)", first, second) == "one"


def test_what_is_shipped_is_not_replaced_by_an_entry_point(tmp_path: Path) -> None:
    folder = distribution(tmp_path, "mine", "[provisioner.filter]\nb64encode = mine\n")
    assert asked("print(catalog.load('filter', 'b64encode').__name__)", folder).startswith("provisioner.")


def test_an_entry_point_that_is_no_module_is_refused(tmp_path: Path) -> None:
    folder = distribution(tmp_path, "odd", "[provisioner.filter]\nodd = odd:thing\n", "thing = 1\n")
    code = "try:\n    catalog.load('filter', 'odd')\nexcept TypeError as error:\n    print(error)"
    assert asked(code, folder) == "entry point odd:thing of group provisioner.filter is not a module"


def test_an_unknown_extension_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        catalog.load("filter", "there_is_none")


def test_asking_for_what_is_shipped_does_not_read_what_is_installed() -> None:
    code = "catalog.load('fact', 'fips'); print('importlib.metadata' in sys.modules)"
    assert asked(code) == "False"
