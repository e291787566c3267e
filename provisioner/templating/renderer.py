"""Renders values: templates become text or data with the variables of a scope, everything else stays as it is.

A template is compiled once and kept. Variables are looked up when a template uses them, rendered then, and kept for
the rest of that call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from jinja2.exceptions import TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.tests import TESTS
from jinja2.utils import missing

from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.errors import ProvisionerError
from provisioner.diagnostics.position import Position, Text, Unsafe, position_of
from provisioner.records import dataclass
from provisioner.templating import explaining
from provisioner.templating.context import LookupContext
from provisioner.templating.environment import (
    FolderLoader,
    Names,
    NativeEnvironment,
    ScopeContext,
    ScopeEnvironment,
    ScopeTemplate,
)
from provisioner.templating.errors import LookupFailed, TemplateError, UndefinedVariable
from provisioner.templating.filters.type_debug import type_debug
from provisioner.templating.functions import Lookups
from provisioner.templating.joined import JoinedTemplate, joined
from provisioner.templating.kept_code import compiled
from provisioner.templating.plain import is_plain_expression, is_plain_template
from provisioner.templating.plugins import PluginTable
from provisioner.templating.project_plugins import ProjectPlugins
from provisioner.templating.rendering import AllVariables, Rendering
from provisioner.templating.settings import KeepsCode, RenderSettings, TemplateOptions, unheard
from provisioner.templating.source import (
    CHANGES_IN_PLACE,
    LONE_NAME,
    REFERS_TO_FILES,
    is_template,
    keep_backslashes,
    split_header,
    trailing_newlines,
)
from provisioner.templating.trust import is_trusted
from provisioner.templating.undefined import Missing, UndefinedUsed
from provisioner.templating.values import from_nodes, from_nodes_native, join_text
from provisioner.variables.hostvars import HostView
from provisioner.variables.scope import NotYet, Scope

DEFAULT_OPTIONS = TemplateOptions()
MOST_PROGRAMS = 20_000
EMPTY = Scope()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled template. ``lone`` is set where the template is one variable and nothing else."""

    template: ScopeTemplate | JoinedTemplate
    environment: ScopeEnvironment
    source: str
    lone: str | None = None
    changes_in_place: bool = False
    newlines: int = 0


class Renderer:
    """Renders values and evaluates expressions; one serves a whole run."""

    def __init__(self, settings: RenderSettings | None = None) -> None:
        self.settings = settings or RenderSettings()
        self._data = from_nodes_native if self.settings.native else from_nodes
        self.plugins = ProjectPlugins(self.settings)
        self._filters = PluginTable("filter", FILTERS, self.plugins)
        self._tests = PluginTable("test", TESTS, self.plugins)
        self._lookups = Lookups(self.settings, self.plugins, self._surroundings)
        self._environments: dict[tuple[TemplateOptions, tuple[Path, ...]], ScopeEnvironment] = {}
        self._programs: dict[str, Program] = {}
        self._expressions: dict[str, Program] = {}
        self._files: dict[tuple[str, str, TemplateOptions, tuple[Path, ...]], Program] = {}

    # -- values

    def render(self, value: object, scope: Scope) -> object:
        """Render every template in ``value``; what holds none is returned itself, not copied."""
        return Rendering(self, scope).value(value)

    def render_known(self, value: object, scope: Scope) -> object:
        """Render what can be rendered; a template that needs something undefined stays text."""
        work = Rendering(self, scope)
        work.lenient = True
        return work.value(value)

    def text(self, template: str, scope: Scope) -> str:
        """Render ``template`` to text, whatever it looks like."""
        if isinstance(template, Unsafe) or not is_template(template):
            return str(template)
        work = Rendering(self, scope)
        program = self._inline(template, work)
        return _with_newlines(self._run(program, work, template, join_text), program)

    def variable(self, name: str, scope: Scope) -> object:
        """Return the rendered value of ``name``; KeyError where there is none."""
        value = Rendering(self, scope).variable(name)
        if value is missing:
            raise KeyError(name)
        return value

    def known_variable(self, name: str, scope: Scope) -> object:
        """Return a variable rendered as far as that can be; what needs something undefined stays text."""
        value = self.variable(name, scope)
        if isinstance(value, Missing) and value.missing_cause is not None:
            found = scope.find(name)
            return value if found is None else self.render_known(found.value, scope)
        return value

    # -- expressions

    def evaluate(self, expression: object, scope: Scope) -> object:
        """Return the value of a bare expression (``until``, ``changed_when``); other values stay what they are."""
        if not isinstance(expression, str):
            return self.render(expression, scope)
        return self._run(self._expression(expression), Rendering(self, scope), expression, _only)

    def condition(self, expressions: Iterable[object], scope: Scope) -> bool:
        """Tell whether all conditions hold; the first that does not ends it."""
        work = Rendering(self, scope)
        return all(self._holds(expression, work) for expression in expressions)

    def is_written(self, argument: object, scope: Scope) -> bool:
        """Tell whether an argument may be taken for an expression: no data came into its text."""
        return isinstance(argument, str) and not isinstance(argument, Unsafe) and self._watched(argument, scope)[1]

    def conditions(self, written: object, scope: Scope) -> list[object]:
        """Return the conditions that an argument holds: a template may become one or a list, but not out of data."""
        if not isinstance(written, str) or not is_template(written) or isinstance(written, Unsafe):
            return written if isinstance(written, list) else [written]
        value, is_written = self._watched(written, scope)
        value = Text(value, position_of(written)) if isinstance(value, str) else value
        found = value if isinstance(value, list) else [value]
        unsafe = [] if is_written else [each for each in found if isinstance(each, str) and each]
        if unsafe:
            raise _unsafe(written, unsafe[0]).within(unsafe[0])
        return found

    def _holds(self, expression: object, work: Rendering) -> bool:
        if expression is None or expression == "":
            return True
        if isinstance(expression, (list, tuple)):
            return all(self._holds(part, work) for part in expression)
        if not isinstance(expression, str):
            return bool(expression)
        try:
            return self._string_holds(expression, work)
        except TemplateError as error:
            raise error.within(str.__str__(expression)) from error

    def _string_holds(self, expression: str, work: Rendering) -> bool:
        if is_template(expression) and not isinstance(expression, Unsafe):
            value = self._condition_of_template(expression, work)
            if not isinstance(value, str):
                return bool(value)
            if not value:
                return False
            expression = Text(value, position_of(expression))
        value = self._run(self._expression(expression), work, expression, _used)
        if value is True or value is False:
            return value
        self._remark_type(expression, value)
        return bool(value)

    def _remark_type(self, expression: str, value: object) -> None:
        """Say that a condition was neither true nor false, where deprecations are to be told."""
        if self.settings.warn is unheard or not self.settings.configuration.flag("DEPRECATION_WARNINGS"):
            return
        place = position_of(expression)
        taken = f"was of type '{type_debug(value)}'. The result was interpreted as {bool(value)}."
        summary = f"Conditional result {taken} Conditional results should only be True or False."
        hint = "say what is meant: 'is defined', '| bool', '| length > 0', '!= \"\"'"
        self.settings.warn(Diagnostic(summary, place, hint=hint, severity=Severity.WARNING))

    def _condition_of_template(self, expression: str, work: Rendering) -> object:
        """Return what a condition that is a template becomes; text into which data came is no condition."""
        self.settings.warn(
            Diagnostic(
                f"conditional statements should not include jinja2 templating delimiters such as {{{{ }}}} or {{% %}}. "
                f"Found: {expression}",
                position_of(expression),
                severity=Severity.WARNING,
            )
        )
        value, is_written = self._watched(expression, work.scope)
        if isinstance(value, str) and value and not is_written:
            raise _unsafe(expression, value)
        return value

    def _watched(self, template: str, scope: Scope) -> tuple[object, bool]:
        """Return what a template becomes, and whether all that came into it is what somebody wrote."""
        watching = Rendering(self, scope)
        watching.watched = []
        value = watching.string(template)
        return value, all(map(is_trusted, watching.watched))

    def _expression(self, expression: str) -> Program:
        return self._expressions.get(expression) or self._compiled_expression(expression)

    def _compiled_expression(self, expression: str) -> Program:
        environment = self._environment(DEFAULT_OPTIONS, ())
        source = str.__str__(expression)
        try:
            template = environment.expression(source)
        except TemplateSyntaxError as error:
            raise explaining.syntax(error, expression, position_of(expression), self._known()) from error
        program = Program(template, environment, source, changes_in_place=CHANGES_IN_PLACE.search(source) is not None)
        return _kept(self._expressions, source, program)

    # -- files

    def file(
        self,
        text: str,
        name: str,
        scope: Scope,
        overrides: TemplateOptions = DEFAULT_OPTIONS,
        *,
        readable: bool = False,
    ) -> str:
        """Render the text of the template file ``name``; its header counts over ``overrides``.

        ``readable``: the text lies on the disk as it is, so that its compiled code may, too.
        """
        folders = (*dict.fromkeys((*self.settings.search_paths(scope), Path(name).parent)),)
        key = (text, name, overrides, folders)
        program = self._files.get(key)
        if program is None:
            keeper = self.settings.keeper() if readable else None
            program = _kept(self._files, key, self._compiled_file(text, name, overrides, folders, keeper))
        return _with_newlines(self._run(program, Rendering(self, scope), text, join_text, name), program)

    def _compiled_file(
        self, text: str, name: str, overrides: TemplateOptions, folders: tuple[Path, ...], keeper: KeepsCode | None
    ) -> Program:
        where = explaining.in_file(name, text)
        body = text
        try:
            body, options = split_header(text, overrides)
            environment = self._environment(options, folders)
            code = compiled(environment, body, name, options, keeper)
        except TemplateSyntaxError as error:
            raise explaining.syntax(error, text, where, self._known(), text.count("\n") - body.count("\n")) from error
        except ValueError as error:
            raise explaining.header(error, where) from error
        template = environment.template_class.from_code(environment, code, environment.globals)
        return Program(
            template,  # type: ignore[arg-type]
            environment,
            body,
            changes_in_place=CHANGES_IN_PLACE.search(body) is not None,
            newlines=trailing_newlines(body) if not options.keep_trailing_newline else 0,
        )

    # -- checks without values

    def check_template(self, text: str, position: Position | None = None) -> Diagnostic | None:
        """Return what is wrong with the syntax of a template, or with the names of its filters and tests."""
        if isinstance(text, Unsafe) or not is_template(text) or is_plain_template(text):
            return None
        return self._checked(lambda environment: environment.parse(text), text, position)

    def check_expression(self, text: object, position: Position | None = None) -> Diagnostic | None:
        """Return what is wrong with the syntax of a bare expression; what is no string is fine."""
        if not isinstance(text, str) or not text:
            return None
        if is_template(text):
            return self.check_template(text, position)
        if is_plain_expression(text):
            return None
        return self._checked(lambda environment: environment.parsed_expression(text), text, position)

    def _checked(self, parse: Any, text: str, position: Position | None) -> Diagnostic | None:
        position = position or position_of(text)
        try:
            tree = parse(self._environment(DEFAULT_OPTIONS, ()))
        except TemplateSyntaxError as error:
            return explaining.syntax(error, text, position, self._known()).diagnostic
        return explaining.unknown_names(tree, text, position, self._known())

    def _known(self) -> explaining.Known:
        return explaining.Known(self._filters.names, self._tests.names, self.plugins.in_collection)

    # -- compiling and running

    def inline(self, text: str, work: Rendering) -> object:
        """Render one string that is a template, for a rendering under way."""
        program = self._inline(text, work)
        lone = program.lone
        if lone is not None and not work.copying:
            raw = work.raw(lone)
            if raw is None or type(raw) in _KEPT:
                return raw
            value = work.variable(lone)
            if value is not missing and not isinstance(value, Missing):
                whole = self._data([value])
                return _with_newlines(whole, program) if isinstance(whole, str) else whole
        try:
            result = self._run(program, work, text, self._data if not work.chain else self._inner_data)
        except UndefinedVariable:
            if self.settings.strict and not work.lenient:
                raise
            return text
        return _with_newlines(result, program) if isinstance(result, str) else result

    def _inner_data(self, nodes: list[Any]) -> object:
        """Return what the template of a variable yields: other hosts' variables stay lazy, whatever they lead to."""
        return nodes[0] if len(nodes) == 1 and isinstance(nodes[0], (HostView, AllVariables)) else self._data(nodes)

    def _inline(self, text: str, work: Rendering) -> Program:
        program = self._programs.get(text)
        if program is not None:
            return program
        refers = REFERS_TO_FILES.search(text) is not None
        environment = self._environment(
            DEFAULT_OPTIONS, tuple(self.settings.search_paths(work.scope)) if refers else ()
        )
        source = str.__str__(text)
        lone = LONE_NAME.fullmatch(source)
        try:
            template = joined(source, environment) or environment.from_string(keep_backslashes(source, environment))
        except TemplateSyntaxError as error:
            raise explaining.syntax(error, text, position_of(text), self._known()) from error
        program = Program(
            template,  # type: ignore[arg-type]
            environment,
            source,
            lone.group(1) if lone else None,
            CHANGES_IN_PLACE.search(source) is not None,
            trailing_newlines(source),
        )
        return program if refers else _kept(self._programs, source, program)

    def _run(self, program: Program, work: Rendering, text: str, finish: Callable[[list[Any]], T], name: str = "") -> T:
        """Run a template and return what ``finish`` makes of its output."""
        if program.changes_in_place:
            work = work.on_copies()
        environment = program.environment
        context = ScopeContext(
            environment,
            Names(work, _NO_NAMES, environment.globals),  # type: ignore[arg-type]
            program.template.name,
            program.template.blocks,
        )
        try:
            return finish(list(program.template.root_render_func(context)))
        except (ProvisionerError, NotYet):
            raise
        except Exception as error:
            where = explaining.Where(text, position_of(text), work, program.source, name)
            raise explaining.failed(error, where) from error

    def _environment(self, options: TemplateOptions, folders: tuple[Path, ...]) -> ScopeEnvironment:
        key = (options, folders)
        if key not in self._environments:
            loader = FolderLoader(folders, self.settings.read_file) if folders else None
            kind = NativeEnvironment if self.settings.native else ScopeEnvironment
            environment = kind(options, loader, self.settings.extensions)
            environment.on_named_secret = self.settings.on_named_secret
            environment.filters = self._filters
            environment.tests = self._tests  # type: ignore[assignment]
            environment.globals.update(self._lookups.functions())
            self._environments[key] = environment
        return self._environments[key]

    def lookup(self, name: str, terms: list[Any], scope: Scope, /, **options: Any) -> list[Any]:
        """Run a lookup for ``with_<name>`` loops; ``terms`` are rendered already."""
        try:
            return self._lookups.run(name, terms, LookupContext(scope, self, self.settings), **options)
        except LookupFailed as error:
            raise TemplateError(Diagnostic(str(error), position_of(terms)), error.plainly) from error
        except UndefinedUsed as error:
            raise explaining.undefined(
                error.what, explaining.Where("", position_of(terms), Rendering(self, scope))
            ) from error

    def has_lookup(self, name: str) -> bool:
        """Tell whether there is a lookup ``name``."""
        return name in self._lookups.names()

    def _surroundings(self, context: Context | None) -> LookupContext:
        names = context.parent if context is not None else None
        variables = names.variables if isinstance(names, Names) else None
        scope = variables.scope if isinstance(variables, Rendering) else EMPTY
        return LookupContext(scope, self, self.settings)


def _only(nodes: list[Any]) -> Any:
    return nodes[0] if nodes else None


def _used(nodes: list[Any]) -> Any:
    """Return the value of a condition; a missing one fails here, where its place is known."""
    if nodes and isinstance(nodes[0], Missing):
        nodes[0].missing_fail()
    return nodes[0] if nodes else False


_KEPT = frozenset({bool, int, float})
_NO_NAMES: dict[str, Any] = {}


def _with_newlines(text: str, program: Program) -> str:
    """Give back the newlines at the end of the template that Jinja dropped."""
    if not program.newlines:
        return text
    lacking = program.newlines - trailing_newlines(text)
    return text + program.environment.newline_sequence * lacking if lacking > 0 else text


def _unsafe(expression: str, value: str) -> TemplateError:
    """Return the error of a condition into whose text data came."""
    hint = "write the condition without {{ }}: what hosts and tasks said then counts as values, not as code"
    summary = "Conditional is marked as unsafe, and cannot be evaluated."
    return TemplateError(Diagnostic(summary, position_of(expression), f"it became: {value}", hint))


def _kept(programs: dict[Any, Program], key: Any, program: Program) -> Program:
    if len(programs) >= MOST_PROGRAMS:
        programs.clear()
    programs[key] = program
    return program
