"""Every extension is whole: docstring, exports, examples that parse, a page in the reference."""

from __future__ import annotations

import ast
import inspect
from importlib import util
from pathlib import Path

import pytest

from provisioner import catalog
from provisioner.cli import main
from provisioner.cli.commands import docs
from provisioner.diagnostics.position import Source
from provisioner.remote.params import Parameters
from provisioner.reporting.reference import docstring
from provisioner.syntax.yaml import load

ROOT = Path(__file__).resolve().parents[2]
EXPORTS = {
    "module": ("Params", "State", "inspect", "plan", "apply", "EXAMPLES"),
    "fact": ("collect",),
    "action": ("Params", "run or answer"),
    "filter": ("{name}",),
    "test": ("{name}",),
    "lookup": ("run",),
    "connection": (),
    "renderer": ("Renderer",),
    "check": ("Params",),
    "pass": (),  # compile.py names what it calls
    "inventory": ("accepts", "read"),
    "command": ("add_arguments", "run"),
    "shim": ("add_arguments", "run"),
    "recurrence": ("check", "occurrences"),
    "finding": ("look",),
    "mover": ("Params", "seed", "final", "verify", "promote", "back"),
    "switcher": ("Params", "point_to", "back", "current", "undo"),
    "scope": ("PROBE", "RULES", "read"),
}


def existing() -> list[tuple[str, str]]:
    pairs = []
    for kind in sorted(catalog.FOLDERS):
        try:
            is_there = util.find_spec(catalog.FOLDERS[kind]) is not None
        except ModuleNotFoundError:
            is_there = False
        pairs += [(kind, name) for name in sorted(catalog.names(kind))] if is_there else []
    return pairs


def defined(kind: str, name: str) -> set[str]:
    """Return the names a file defines or imports at its top, without importing it."""
    for file in (name, f"{name}_"):
        spec = util.find_spec(f"{catalog.FOLDERS[kind]}.{file}")
        if spec and spec.origin:
            tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
            return {found for node in tree.body for found in _names(node)}
    return set()


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name for alias in aliases]
        case _:
            return []


@pytest.mark.parametrize(("kind", "name"), existing())
def test_an_extension_says_what_it_is_for_and_exports_what_its_kind_must(kind: str, name: str) -> None:
    first = docstring(kind, name).partition("\n")[0]
    assert first.endswith((".", ":", "?")), f"{kind} {name}: the docstring's first line is a sentence, not {first!r}"
    there = defined(kind, name)
    wanted = [export.format(name=name).split(" or ") for export in EXPORTS[kind]]
    assert [names for names in wanted if not there & set(names)] == []


@pytest.mark.parametrize("name", sorted(catalog.names("module")))
def test_the_examples_of_a_module_are_tasks_that_it_accepts(name: str) -> None:
    module = catalog.load("module", name)
    tasks = load(Source(f"{name} EXAMPLES", module.EXAMPLES))
    assert isinstance(tasks, list)
    assert tasks
    assert inspect.isclass(module.Params)
    assert issubclass(module.Params, Parameters)
    for task in tasks:
        assert isinstance(task, dict)
        key = next(k for k in task if catalog.short_name("action", str(k)) == name)
        if isinstance(task[key], dict):
            assert module.Params.problems(task[key], lambda value: "{{" in str(value)) == []


def test_every_module_has_tests() -> None:
    """A table of cases, or a test file of its own."""
    tables = {path.name for path in (ROOT / "tests/modules").iterdir() if path.is_dir() and any(path.glob("*.y*ml"))}
    files = {path.stem.removeprefix("test_") for path in (ROOT / "tests/unit").rglob("test_*.py")}
    assert sorted(catalog.names("module") - tables - files) == []


def test_the_reference_is_up_to_date() -> None:
    folder = ROOT / "docs/reference"
    wanted = docs.every_page()
    there = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    assert sorted(there) == sorted(wanted), "run 'make docs'"
    assert [path for path in wanted if there[path] != wanted[path]] == [], "run 'make docs'"


def test_every_command_is_in_the_reference_with_every_option() -> None:
    for name in main.summaries():
        text = (ROOT / f"docs/reference/cli/{name}.md").read_text(encoding="utf-8")
        options = [option for action in main.parser_of(name)._actions for option in action.option_strings]
        assert [option for option in options if f"`{option}" not in text] == []
