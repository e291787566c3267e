"""The worker's sources: which files a module needs, slimmed for travel, and the blob a worker starts from."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import PurePosixPath
from typing import Protocol

from provisioner.model.call import Request
from provisioner.remote import protocol

from .kept_sources import Import, KeptSources, Slimmed

CORE = ("compiled.py", "worker.py")
FRAMES_KEPT = 256
CARRIERS = {"foreign": ("carriers/foreign.py", "zygote.py"), "detached": ("carriers/detached.py",)}
"""Files of the ways to run a request other than as a module of ours."""


class Folder(Protocol):
    """What is needed of the folder the sources lie in (a path, or a resource inside a wheel)."""

    def joinpath(self, *names: str) -> Folder:
        """Return what lies below."""

    def is_file(self) -> bool:
        """Tell whether it is a file."""

    def read_text(self, encoding: str) -> str:
        """Return its text."""


class UnknownModule(LookupError):
    """No source of that name is at hand."""


class ModuleSources:
    """Gives the files a module needs, itself included; every file is read once. Safe for many threads.

    ``kept`` has what was made of them before, where that outlives a run.
    """

    def __init__(self, folder: Folder | None = None, kept: KeptSources | None = None) -> None:
        self._folder = folder if folder is not None else _packaged()
        self._kept = kept or KeptSources()
        self._lock = threading.Lock()
        self._texts: dict[str, str] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._modules: dict[str, frozenset[str]] = {}
        self._carriers: dict[str, frozenset[str]] = {}
        self._frames: dict[tuple[str, ...], bytes] = {}
        self._blob = b""
        self._core: frozenset[str] = frozenset()

    def module(self, name: str) -> frozenset[str]:
        """Return the files that module ``name`` needs; UnknownModule where there is none."""
        with self._lock:
            if name not in self._modules:
                path = f"modules/{name}.py"
                if not name.isidentifier() or not self._exists(path):
                    raise UnknownModule(f"there is no module '{name}' among those that run on hosts")
                self._modules[name] = self._closure([path])
            return self._modules[name]

    def request(self, request: Request) -> frozenset[str]:
        """Return the files that a request needs; UnknownModule where its module is none of ours."""
        found: frozenset[str] = frozenset()
        if request.carried is not None:
            found |= self._carrier(request.carried.carrier)
        else:
            found |= self.module(request.module)
        return found | self._carrier("detached") if request.detach is not None else found

    def _carrier(self, name: str) -> frozenset[str]:
        with self._lock:
            if name not in self._carriers:
                self._carriers[name] = self._closure(CARRIERS[name])
            return self._carriers[name]

    def warm(self, request: Request) -> None:
        """Read what a request needs before it is sent, in the time in which the host is still being reached."""
        try:
            self.request(request)
        except UnknownModule:
            return  # the worker answers that it has none, in its turn

    def core(self) -> frozenset[str]:
        """Return the files every worker starts with."""
        with self._lock:
            if not self._core:
                self._core = self._closure(CORE)
            return self._core

    def blob(self) -> bytes:
        """Return the compressed code a worker starts from: the loader and the core sources."""
        core = self.core()
        with self._lock:
            if not self._blob:
                sources = {name: self._text(name) for name in sorted(core)}
                code = f"{self._text('loader.py')}\nstart(i, {sources!r})\n"
                self._blob = self._kept.compressed(code)
            return self._blob

    def start(self) -> bytes:
        """Return what a worker reads first: how long the code is that it starts from, on a line, and the code."""
        blob = self.blob()
        return b"%d\n" % len(blob) + blob

    def load_frame(self, files: Iterable[str]) -> bytes:
        """Return the frame that brings ``files`` to a worker; the same set is packed once."""
        key = tuple(sorted(files))
        with self._lock:
            frame = self._frames.get(key)
            if frame is None:
                if len(self._frames) >= FRAMES_KEPT:
                    self._frames.pop(next(iter(self._frames)))
                frame = self._frames[key] = protocol.pack_sources({name: self._text(name) for name in key})
            return frame

    def store_frame(self, contents: Mapping[str, bytes], lacking: Iterable[str]) -> bytes:
        """Return the frame that brings what is ``lacking`` of ``contents`` to a worker; packed once for all of them."""
        key = ("store", *sorted(lacking))
        with self._lock:
            frame = self._frames.get(key)
            if frame is None:
                if len(self._frames) >= FRAMES_KEPT:
                    self._frames.pop(next(iter(self._frames)))
                frame = self._frames[key] = protocol.pack_files({each: contents[each] for each in key[1:]})
            return frame

    def _closure(self, start: Iterable[str]) -> frozenset[str]:
        found: dict[str, None] = {}
        waiting = list(start)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += self._needs(name)
        return frozenset(found)

    def _needs(self, name: str) -> tuple[str, ...]:
        self._take(name)
        return self._imports[name]

    def _take(self, name: str) -> None:
        """Read a file, once, for both what it imports and what travels of it."""
        if name in self._texts:
            return
        text, imports = self._kept.slimmed(self._read(name), _slimmed)
        needed = {str(parent / "__init__.py") for parent in PurePosixPath(name).parents}
        for each in imports:
            needed.update(self._imported(name, each))
        self._imports[name] = tuple(sorted(needed - {name}))
        self._texts[name] = text

    def _imported(self, importer: str, named: Import) -> Iterable[str]:
        level, module, names = named
        base = PurePosixPath(importer).parents[level - 1]
        if module:
            base = base.joinpath(*module.split("."))
            yield self._file(base, importer)
        for each in names:
            for candidate in (f"{base / each}.py", str(base / each / "__init__.py")):
                if self._exists(candidate):
                    yield candidate

    def _file(self, path: PurePosixPath, importer: str) -> str:
        for candidate in (f"{path}.py", str(path / "__init__.py")):
            if self._exists(candidate):
                return candidate
        raise UnknownModule(f"{importer} imports {path}, which does not exist")

    def _exists(self, name: str) -> bool:
        return name in self._texts or self._folder.joinpath(*name.split("/")).is_file()

    def _read(self, name: str) -> str:
        return self._folder.joinpath(*name.split("/")).read_text(encoding="utf-8")

    def _text(self, name: str) -> str:
        self._take(name)
        return self._texts[name]


def _packaged() -> Folder:
    return resources.files("provisioner.remote")


def _slimmed(source: str) -> Slimmed:
    tree = ast.parse(source)
    imports = tuple(
        (node.level, node.module or "", tuple(alias.name for alias in node.names))
        for node in _statements(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    )
    return slim(source, tree), imports


def slim(source: str, tree: ast.Module | None = None) -> str:
    """Return the source without docstrings, comment lines, ``EXAMPLES`` and ``RETURNS``; each line keeps its number."""
    lines = source.splitlines()
    tree = tree or ast.parse(source)
    kept: set[int] = set()
    for node in (tree, *_statements(tree)):
        kept.update(_inside_strings(node))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                text = _spare_text(statement, first=statement is node.body[0])
                if text is not None:
                    _blank(lines, text)
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("#") and number not in kept and not line.lstrip().startswith("#!"):
            lines[number - 1] = ""
    return "\n".join(lines) + "\n"


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement below ``node``, ``except`` clauses included, but no expression: most nodes are."""
    for field in ("body", "handlers", "orelse", "finalbody"):
        for statement in getattr(node, field, ()):
            yield statement
            yield from _statements(statement)


def _inside_strings(node: ast.AST) -> Iterator[int]:
    """Yield the lines that begin inside a string of the statement itself, where ``#`` starts no comment."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.ExceptHandler) and _may_span_lines(child):
            for inner in ast.walk(child):
                if isinstance(inner, ast.Constant | ast.JoinedStr) and _may_span_lines(inner):
                    yield from range(inner.lineno + 1, (inner.end_lineno or inner.lineno) + 1)


def _may_span_lines(node: ast.AST) -> bool:
    """Tell whether a node goes over several lines; some kinds do not say where they are."""
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 1)
    return bool(last > first)


def _spare_text(statement: ast.stmt, *, first: bool) -> ast.Constant | None:
    """Return the string of a docstring, of ``EXAMPLES`` or ``RETURNS``, which only the controller reads."""
    value: ast.expr | None = None
    if isinstance(statement, ast.Expr) and first:
        value = statement.value
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        value = statement.value if statement.targets[0].id in ("EXAMPLES", "RETURNS") else None
    return value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _blank(lines: list[str], node: ast.Constant) -> None:
    """Put an empty string where a string literal stands."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    lines[first] = before + '""' + after
    lines[first + 1 : last + 1] = [""] * (last - first)
