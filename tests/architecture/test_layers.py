"""The rooms of the house: who may import whom, and that the bounds on shape hold."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_shape() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shape", Path(__file__).with_name("shape.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["shape"] = module
    spec.loader.exec_module(module)
    return module


shape = load_shape()


def test_every_room_imports_only_from_the_rooms_below_it() -> None:
    program = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_code_is_within_all_bounds_of_shape() -> None:
    assert [str(breach) for breach in shape.breaches(ROOT / "provisioner")] == []


LONG = '"""M."""\n\n\ndef f() -> None:\n' + "    x = 1\n" * 61
BRANCHED = '"""M."""\n\n\ndef f(x: int) -> None:\n' + "    if x:\n        x += 1\n" * 15


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x = 1\n", "no docstring"),
        (LONG, "f has 62 lines"),
        (BRANCHED, "f has 16 branches"),
        ('"""M."""\n' + "\n" * 500, "501 lines"),
        ('"""M."""\ndef f(a: int, b: int, c: int, d: int, e: int, g: int, *h: int) -> None: ...\n', "has 7 arguments"),
        ('"""M."""\ndef f(a) -> None: ...\n', "not fully typed"),
        ('"""M."""\ndef f(a: int): ...\n', "not fully typed"),
        ('"""M."""\ndef _f() -> None:\n    global x\n    x = 1\n', "global x"),
        ('"""M."""\ndef _f() -> None:\n    from . import b\n', "imports our own code inside"),
        ('"""M."""\ndef f() -> None: ...\n', "f is public and has no docstring"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, code: str, found: str) -> None:
    (tmp_path / "a.py").write_text(code)
    assert any(found in str(breach) for breach in shape.breaches(tmp_path))


def test_an_import_cycle_is_found_also_when_it_hides_in_a_function(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "a.py").write_text('"""A."""\nfrom pack import b\n')
    (folder / "b.py").write_text('"""B."""\n\n\ndef _f() -> None:\n    from .c import x\n')
    (folder / "c.py").write_text('"""C."""\nimport pack.a\n')
    assert "import cycle: pack.a pack.b pack.c" in "\n".join(map(str, shape.breaches(folder)))


def test_methods_do_not_count_self_and_private_names_need_no_docstring(tmp_path: Path) -> None:
    body = "    def _m(self, a: int, b: int, c: int, d: int, e: int, f: int) -> None: ...\n"
    (tmp_path / "a.py").write_text(f'"""A."""\n\n\nclass _C:\n{body}')
    assert shape.breaches(tmp_path) == []
