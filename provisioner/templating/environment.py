"""Jinja as playbooks expect it: names come from a scope, filters from the catalog, values keep their types."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.environment import Template
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.utils import missing

from provisioner.templating.closed import ClosedAttributes
from provisioner.templating.settings import TemplateOptions
from provisioner.templating.undefined import Missing
from provisioner.templating.values import from_nodes, from_nodes_native
from provisioner.templating.vaulted import Sealed


class Variables(Protocol):
    """Where a template's names come from: the value, or Jinja's ``missing``."""

    def variable(self, name: str) -> Any:
        """Return the rendered value of ``name``, or ``missing``."""


class NoVariables:
    """The variables of a file imported without context: none."""

    __slots__ = ()

    def variable(self, _name: str) -> Any:
        """Return ``missing``."""
        return missing


NONE_AT_ALL = NoVariables()


class Names(Mapping[str, Any]):
    """What a template can name: what it set itself or was given, then variables, then Jinja's own functions."""

    __slots__ = ("extra", "functions", "variables")

    def __init__(self, variables: Variables, extra: Mapping[str, Any], functions: Mapping[str, Any]) -> None:
        self.variables, self.extra, self.functions = variables, extra, functions

    def resolve(self, name: str) -> Any:
        """Return the value of ``name`` or ``missing``."""
        if name in self.extra:
            return self.extra[name]
        value = self.variables.variable(name)
        return value if value is not missing else self.functions.get(name, missing)

    def and_also(self, extra: Mapping[str, Any]) -> Names:
        """Return these names and ``extra`` ones that win."""
        more = {name: value for name, value in extra.items() if value is not missing}
        return Names(self.variables, {**self.extra, **more}, self.functions) if more else self

    def __getitem__(self, name: str) -> Any:
        value = self.resolve(name)
        if value is missing:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.resolve(name) is not missing

    def __iter__(self) -> Iterator[str]:
        return iter({**self.functions, **self.extra})

    def __len__(self) -> int:
        return len({**self.functions, **self.extra})


class ScopeContext(Context):
    """A Jinja context whose names are looked up when they are used."""

    parent: Names  # type: ignore[assignment]

    def resolve_or_missing(self, key: str) -> Any:
        """Return the value of ``key`` or ``missing``."""
        own = self.vars
        return own[key] if key in own else self.parent.resolve(key)

    def get_all(self) -> Names:  # type: ignore[override]
        """Return everything that can be named here."""
        return self.parent.and_also(self.vars) if self.vars else self.parent

    def derived(self, locals: dict[str, Any] | None = None) -> ScopeContext:
        """Return the context of a block."""
        names = self.get_all().and_also(locals or {})
        context = ScopeContext(self.environment, names, self.name, {})  # type: ignore[arg-type]
        context.eval_ctx = self.eval_ctx
        context.blocks.update((name, list(block)) for name, block in self.blocks.items())
        return context


class ScopeTemplate(Template):
    """A compiled template whose contexts are ours."""

    def new_context(
        self,
        vars: Any = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> ScopeContext:
        """Return the context for one rendering."""
        del shared
        own = isinstance(vars, Names)
        names = vars if own else Names(NONE_AT_ALL, dict(vars or {}), self.environment.globals)
        if locals:
            names = names.and_also(locals)
        return ScopeContext(self.environment, names, self.name, self.blocks)  # type: ignore[arg-type]


class NativeOutput(NativeCodeGenerator):
    """Yields values as they are; only literal text of the template is joined beforehand."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> Any:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class FolderLoader(BaseLoader):
    """Finds included templates: absolute names, or below ``templates/`` or beside, in each folder."""

    def __init__(self, folders: tuple[Path, ...], read: Callable[[Path], bytes]) -> None:
        self._folders, self._read = folders, read

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the text, path and freshness check of a template."""
        for folder in self._folders:
            for path in (folder / "templates" / template, folder / template):
                if path.is_file():
                    changed = path.stat().st_mtime_ns
                    text = self._read(path).decode("utf-8")
                    return text, str(path), partial(_unchanged, path, changed)
        raise TemplateNotFound(template, f"'{template}' is not in {', '.join(map(str, self._folders))}")


def used(value: Any) -> Any:
    """Let a value into the output; an undefined one fails here, where its line is known."""
    if type(value) is Missing:
        value.missing_fail()
    if type(value) is Sealed:
        value.fail()
    return value


def _unchanged(path: Path, written_ns: int) -> bool:
    return path.exists() and path.stat().st_mtime_ns == written_ns


@contextmanager
def _odd_escapes_allowed(source: str) -> Iterator[None]:
    r"""Let ``'\w'`` mean backslash and w, as it always did, without Python's warning about it."""
    if "\\" not in source:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def _depth_refused() -> Iterator[None]:
    """Turn what is nested deeper than Python can follow into a syntax error."""
    try:
        yield
    except (RecursionError, MemoryError) as error:
        raise TemplateSyntaxError("it is nested too deeply", 1) from error


def _joined(nodes: Iterable[Any]) -> object:
    return from_nodes(list(nodes))


def _joined_natively(nodes: Iterable[Any]) -> object:
    return from_nodes_native(list(nodes))


class ScopeEnvironment(ClosedAttributes):
    """Compiles templates for scopes. One exists for each set of options and search folders."""

    code_generator_class = NativeOutput
    context_class = ScopeContext
    template_class = ScopeTemplate
    concat = staticmethod(_joined)  # type: ignore[assignment]

    def __init__(self, options: TemplateOptions, loader: BaseLoader | None, extensions: tuple[str, ...] = ()) -> None:
        super().__init__(
            block_start_string=options.block_start_string,
            block_end_string=options.block_end_string,
            variable_start_string=options.variable_start_string,
            variable_end_string=options.variable_end_string,
            comment_start_string=options.comment_start_string,
            comment_end_string=options.comment_end_string,
            line_statement_prefix=options.line_statement_prefix,
            line_comment_prefix=options.line_comment_prefix,
            trim_blocks=options.trim_blocks,
            lstrip_blocks=options.lstrip_blocks,
            newline_sequence=options.newline_sequence,  # type: ignore[arg-type]
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", *extensions],
            optimized=False,
            undefined=Missing,
            finalize=used,
            autoescape=False,
            loader=loader,
        )
        self.has_own_extensions = bool(extensions)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        with _odd_escapes_allowed(source), _depth_refused():
            return super()._parse(source, name, filename)

    def compile(self, source: Any, *args: Any, **options: Any) -> Any:
        """Compile a template; what only Python finds wrong (an argument given twice) is a syntax error like others."""
        try:
            with _depth_refused():
                return super().compile(source, *args, **options)
        except SyntaxError as error:
            raise TemplateSyntaxError(error.msg, 1) from error

    def expression(self, source: str) -> ScopeTemplate:
        """Compile a bare expression; rendering it yields its one value."""
        return self.from_string(self.parsed_expression(source))  # type: ignore[return-value]

    def parsed_expression(self, source: str) -> nodes.Template:
        """Parse a bare expression as a template that outputs its value."""
        with _odd_escapes_allowed(source), _depth_refused():
            parser = Parser(self, source, state="variable")
            parsed = parser.parse_expression()
        if not parser.stream.eos:
            parser.fail(
                f"unexpected '{parser.stream.current.value}' after the expression", parser.stream.current.lineno
            )
        body = nodes.Template([nodes.Output([parsed], lineno=1)], lineno=1)
        body.set_environment(self)
        return body


class NativeEnvironment(ScopeEnvironment):
    """The environment of ``jinja2_native``."""

    concat = staticmethod(_joined_natively)
