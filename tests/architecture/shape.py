"""The shape bounds: how long, how branched, how typed, how documented and how knotted the code may be.

    python tests/architecture/shape.py [FOLDER]      prints every breach as file:line; exit code 1 where there is one

The bounds are those of the best third of comparable projects. There are no exceptions: code that breaks one is split.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MAX_FUNCTION_LINES = 60
MAX_BRANCHES = 15
MAX_ARGUMENTS = 6
MAX_FILE_LINES = 500
MIN_PUBLIC_DOCS = 80

FORKS = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.BoolOp,
         ast.match_case)  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a bound is broken."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(slots=True)
class Module:
    """One parsed file and the modules of ours that it imports anywhere, also inside functions."""

    name: str
    path: Path
    tree: ast.Module
    imports: set[str] = field(default_factory=set)


def breaches(folder: Path) -> list[Breach]:
    """Return everything below ``folder`` that breaks a bound."""
    modules = _read(folder)
    found = [breach for module in modules for breach in _of_file(module)]
    found += _docs(modules)
    found += _cycles(modules)
    return found


def _read(folder: Path) -> list[Module]:
    modules = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    known = {module.name for module in modules}
    for module in modules:
        module.imports = {target for node in ast.walk(module.tree) for target in _targets(node, module, known)}
        module.imports.discard(module.name)
    return modules


def _targets(node: ast.AST, module: Module, known: set[str]) -> Iterator[str]:
    """Return the modules of ours that an import statement leads to."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    elif isinstance(node, ast.ImportFrom):
        start = node.module or ""
        if node.level:
            package = module.name.split(".")
            package = package if module.path.stem == "__init__" else package[:-1]
            start = ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])
        for alias in node.names:
            inner = f"{start}.{alias.name}"
            if inner in known:
                yield inner
            elif start in known:
                yield start


def _of_file(module: Module) -> Iterator[Breach]:
    lines = len(module.path.read_text(encoding="utf-8").splitlines())
    if lines > MAX_FILE_LINES:
        yield Breach(module.path, 1, f"{lines} lines, at most {MAX_FILE_LINES}: split the file")
    if ast.get_docstring(module.tree) is None:
        yield Breach(module.path, 1, "the module has no docstring")
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield from _of_function(node, module)
        elif isinstance(node, ast.Global):
            yield Breach(module.path, node.lineno, f"global {', '.join(node.names)}: pass it as an argument")


def _of_function(node: Function, module: Module) -> Iterator[Breach]:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > MAX_FUNCTION_LINES:
        yield Breach(module.path, node.lineno, f"{node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}")
    branches = 1 + sum(isinstance(inner, FORKS) for inner in ast.walk(node))
    if branches > MAX_BRANCHES:
        yield Breach(module.path, node.lineno, f"{node.name} has {branches} branches, at most {MAX_BRANCHES}")
    arguments = _arguments(node)
    if len(arguments) > MAX_ARGUMENTS:
        yield Breach(module.path, node.lineno, f"{node.name} has {len(arguments)} arguments, at most {MAX_ARGUMENTS}")
    if not (node.returns and all(argument.annotation for argument in arguments)):
        yield Breach(module.path, node.lineno, f"{node.name} is not fully typed")
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Import, ast.ImportFrom)) and _is_ours(inner):
            yield Breach(module.path, inner.lineno, f"{node.name} imports our own code inside the function")


def _arguments(node: Function) -> list[ast.arg]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    every += [argument for argument in (node.args.vararg, node.args.kwarg) if argument]
    return [argument for argument in every if argument.arg not in {"self", "cls"}]


def _is_ours(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "provisioner" for alias in node.names)
    return bool(node.level) or (node.module or "").split(".")[0] == "provisioner"


def _docs(modules: Sequence[Module]) -> Iterator[Breach]:
    """Compare the share of public names with a docstring to its bound."""
    public = [(module, node) for module in modules for node in _public(module.tree)]
    bare = [(module, node) for module, node in public if ast.get_docstring(node) is None]
    if public and 100 * (len(public) - len(bare)) < MIN_PUBLIC_DOCS * len(public):
        for module, node in bare:
            yield Breach(module.path, node.lineno, f"{node.name} is public and has no docstring")


def _public(node: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not inner.name.startswith("_"):
            yield inner
            if isinstance(inner, ast.ClassDef):
                yield from _public(inner)


def _cycles(modules: Sequence[Module]) -> Iterator[Breach]:
    graph = {module.name: module.imports for module in modules}
    paths = {module.name: module.path for module in modules}
    for knot in _knots(graph):
        yield Breach(paths[knot[0]], 1, f"import cycle: {' '.join(knot)}")


def _knots(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, each sorted by name."""
    reach = {name: _reachable(name, graph) for name in graph}
    groups = {tuple(sorted(o for o in reach[name] if name in reach[o])) for name in graph if name in reach[name]}
    return [list(group) for group in sorted(groups)]


def _reachable(name: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[name])
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting.extend(graph.get(each, ()))
    return seen


def main(argv: Sequence[str]) -> int:
    """Print every breach; return 1 where there is one."""
    folder = Path(argv[0]) if argv else Path(__file__).resolve().parents[2] / "provisioner"
    found = breaches(folder)
    for breach in found:
        print(breach)
    print(f"shape: {len(found)} breaches" if found else "shape: within all bounds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
