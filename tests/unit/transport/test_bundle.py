"""What travels to a host: which files, how slim, and with which lines."""

from __future__ import annotations

import ast
import zlib
from pathlib import Path

import pytest

from provisioner.model.call import Request
from provisioner.remote import protocol
from provisioner.transport.bundle import ModuleSources, UnknownModule, slim

REMOTE = Path(__file__).parents[3] / "provisioner" / "remote"
SOURCE = '''"""Module text.

More.
"""

# a comment
EXAMPLES = """
- ping:
"""


class Thing:  # kept
    """Class text."""

    def run(self) -> int:
        """Run."""
        text = """
# not a comment
"""
        return len(text)


def boom() -> None:
    """Only a docstring."""
'''


def test_a_module_brings_its_imports_and_their_packages_and_nothing_else() -> None:
    files = ModuleSources().module("ping")
    assert {"modules/ping.py", "modules/__init__.py", "change.py", "params.py", "system/__init__.py"} <= files
    assert "modules/command.py" not in files


def test_the_core_holds_the_worker_but_no_module() -> None:
    core = ModuleSources().core()
    assert {"worker.py", "runner.py", "protocol.py", "__init__.py"} <= core
    assert not any(name.startswith(("modules/", "facts/")) for name in core)


@pytest.mark.parametrize("name", ["nothing", "../worker", "", "a.b"])
def test_an_unknown_module_is_said_to_be_unknown(name: str) -> None:
    with pytest.raises(UnknownModule):
        ModuleSources().module(name)


def test_a_missing_import_names_the_importer(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    for name, text in {"__init__.py": "", "modules/__init__.py": "", "modules/x.py": "from ..gone import y\n"}.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UnknownModule, match=r"modules/x\.py imports gone"):
        ModuleSources(tmp_path).module("x")


def test_the_start_of_a_worker_stays_small() -> None:
    assert len(ModuleSources().blob()) < 30 * 1024


def test_the_blob_is_python_that_carries_the_core() -> None:
    sources = ModuleSources()
    text = zlib.decompress(sources.blob()).decode()
    call = ast.parse(text).body[-1]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert set(ast.literal_eval(call.value.args[1])) == set(sources.core())


def test_a_load_frame_carries_the_sources_and_is_packed_once() -> None:
    sources = ModuleSources()
    frame = sources.load_frame(["modules/ping.py"])
    assert sources.load_frame(["modules/ping.py"]) is frame
    kind, length, size = protocol.HEADER.unpack(frame[: protocol.HEADER.size])
    body = frame[protocol.HEADER.size + length :]
    assert (kind, size) == (protocol.LOAD, len(body))
    assert "class Params" in protocol.unpack_sources(body)["modules/ping.py"]


def test_slimming_drops_texts_and_keeps_line_numbers_and_strings() -> None:
    slimmed = slim(SOURCE)
    assert "Module text" not in slimmed
    assert "Class text" not in slimmed
    assert "- ping" not in slimmed
    assert "# a comment" not in slimmed
    assert "# not a comment" in slimmed
    lines = {node.name: node.lineno for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.FunctionDef)}
    after = {node.name: node.lineno for node in ast.walk(ast.parse(slimmed)) if isinstance(node, ast.FunctionDef)}
    assert after == lines


@pytest.mark.parametrize(
    "source",
    [
        'with open("""\n# kept\n"""):\n    pass\n',
        'class A(metaclass=f("""\n# kept\n""")):\n    pass\n',
        'def a(b="""\n# kept\n"""):\n    pass\n',
        'try:\n    pass\nexcept A("""\n# kept\n"""):\n    pass\n',
        'a = f"""\n# kept {b}\n"""\n',
        'if a:\n    b = (\n        """\n# kept\n""",\n    )\n',
        "#!/usr/bin/python # kept\n",
    ],
)
def test_what_only_looks_like_a_comment_is_kept(source: str) -> None:
    assert "# kept" in slim(source)


def test_a_comment_among_the_lines_of_a_statement_goes() -> None:
    assert slim("a = [\n    # gone\n    1,\n]\n") == "a = [\n\n    1,\n]\n"


def test_reading_ahead_passes_over_a_module_that_nobody_has() -> None:
    sources = ModuleSources()
    sources.warm(Request("there_is_none", {}))
    with pytest.raises(UnknownModule):
        sources.module("there_is_none")


@pytest.mark.parametrize("path", sorted(REMOTE.rglob("*.py")), ids=lambda path: str(path.relative_to(REMOTE)))
def test_every_source_survives_slimming(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    slimmed = slim(text)
    ast.parse(slimmed)
    assert len(slimmed.splitlines()) == len(text.splitlines())
    assert len(slimmed) <= len(text)
