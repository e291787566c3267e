"""Says what is wrong with a template so that one can mend it: where, which expression, which name, by which way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Protocol

from jinja2 import nodes
from jinja2.exceptions import TemplateNotFound, TemplateRuntimeError, TemplateSyntaxError

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, Source, position_of
from provisioner.records import dataclass
from provisioner.templating.errors import LookupFailed, RecursiveVariable, TemplateError, UndefinedVariable
from provisioner.templating.plugins import short_name
from provisioner.templating.undefined import Missing, UndefinedUsed
from provisioner.variables.scope import Scope

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MANY = 60


class Underway(Protocol):
    """What is asked of the rendering an error happened in."""

    scope: Scope

    @property
    def chain(self) -> tuple[str, ...]:
        """The variables being rendered, the outermost first."""


@dataclass(frozen=True, slots=True)
class Known:
    """How to learn the names of all filters and tests, and (kind, full name) whether a collection brings one."""

    filters: Callable[[], set[str]]
    tests: Callable[[], set[str]]
    in_collection: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Where:
    """The template an error happened in. ``name`` is set for template files."""

    text: str
    position: Position | None
    work: Underway
    source: str = ""
    name: str = ""


def in_file(name: str, text: str, line: int = 1, column: int = 1) -> Position:
    """Return a position in a template file."""
    return Position(Source(name, text), line, column)


def failed(error: Exception, where: Where) -> TemplateError:
    """Return the error for whatever a template's code raised."""
    line = _line(error.__traceback__, where)
    if isinstance(error, UndefinedUsed):
        return undefined(error.what, where, line)
    if isinstance(error, TemplateNotFound):
        summary = f"included template {error.message or error.name}"
        return TemplateError(Diagnostic(summary, _position(where, line), _way(where)))
    if isinstance(error, TemplateSyntaxError):
        place = in_file(error.filename or error.name or "template", error.source or "", error.lineno)
        return TemplateError(
            Diagnostic(f"template syntax: {error.message}", place, _way(where)), _syntax_said(error, error.source or "")
        )
    return _other(error, where, line)


def _other(error: Exception, where: Where, line: int | None) -> TemplateError:
    """Return the error for what a filter, lookup or operation raised."""
    said = str(error) or type(error).__name__
    unknown = re.fullmatch(r"No (filter|test) named '(.+)'(?: found)?\.", said)
    if unknown and isinstance(error, TemplateRuntimeError):
        kind, name = unknown.groups()
        reason = name if name.isidentifier() else f"invalid plugin name: ansible.builtin.{name}"
        diagnostic = Diagnostic(f"there is no {kind} '{name}'", _position(where, line), _way(where))
        return TemplateError(diagnostic, f"TemplateSyntaxError: Could not load \"{name}\": '{reason}'")
    told = isinstance(error, (LookupFailed, TemplateRuntimeError, ValueError))
    summary = said if told else f"{said} ({type(error).__name__})"
    details = [f"in: {shown}" for shown in [_expression(where, line)] if shown and shown not in summary]
    diagnostic = Diagnostic(summary, _position(where, line), "\n".join([*details, *_lines(_way(where))]))
    if isinstance(error, LookupFailed):
        return TemplateError(diagnostic, error.plainly)
    return TemplateError(diagnostic, said if told else _unexpected_said(error, where), is_unexpected=not told)


def _unexpected_said(error: Exception, where: Where) -> str:
    """Return what to say of an exception that nobody expected, in the words playbooks know."""
    if isinstance(error, TypeError):
        return f"Unexpected templating type error occurred on ({where.text}): {error}"
    return (
        f"An unhandled exception occurred while templating '{where.text}'. "
        f"Error was a {type(error)}, original message: {error}"
    )


def _syntax_said(error: TemplateSyntaxError, text: str) -> str:
    return f"template error while templating string: {(error.message or '').rstrip('.')}. String: {text}"


def undefined(what: Missing, where: Where, line: int | None = None) -> UndefinedVariable:
    """Return the error for the use of an undefined value."""
    if what.missing_cause is not None:
        return _caused(what.missing_cause, where, line)
    expression = _expression(where, line)
    details = [f"in: {expression}"] if expression else []
    details += _lines(_way(where))
    hint = _hint(what, where.work.scope)
    diagnostic = Diagnostic(_undefined_summary(what), _position(where, line), "\n".join(details), hint)
    return UndefinedVariable(diagnostic, what.missing_name, where.work.chain, what.missing_message)


def _caused(cause: UndefinedVariable, where: Where, line: int | None) -> UndefinedVariable:
    """Pass on why a variable is undefined, and say who needed it."""
    place = _position(where, line)
    if where.work.chain or place is None or "needed at" in cause.diagnostic.detail:
        return cause
    known = cause.diagnostic
    detail = "\n".join([*_lines(known.detail), f"needed at {place}"])
    diagnostic = Diagnostic(known.summary, known.position, detail, known.hint)
    return UndefinedVariable(diagnostic, cause.name, cause.chain, cause.plainly)


def _undefined_summary(what: Missing) -> str:
    if what.missing_hint:
        return what.missing_hint
    owner = what.missing_owner
    if owner is None:
        return f"'{what.missing_name}' is undefined"
    if type(owner).__name__ == "HostVars":
        return f"'{what.missing_name}' is undefined: the inventory has no such host"
    if isinstance(owner, (list, tuple)) and what.missing_name.lstrip("-").isdigit():
        return f"the list has no item {what.missing_name}: it has {len(owner)}"
    kind = "dictionary" if isinstance(owner, Mapping) else _kind(owner)
    return (
        f"'{what.missing_name}' is undefined: the {kind} has no such {'key' if kind == 'dictionary' else 'attribute'}"
    )


def _kind(owner: object) -> str:
    kinds = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "list": "list"}
    base = next((kind for kind in (bool, str, int, float, list) if isinstance(owner, kind)), type(owner))
    return kinds.get(base.__name__, type(owner).__name__)


def _hint(what: Missing, scope: Scope) -> str:
    if what.missing_hint:
        return ""
    owner = what.missing_owner
    if owner is None:
        close = nearest(what.missing_name, map(str, scope.known_names()))
        return close or "define it, or give it a default: " + f"{{{{ {what.missing_name} | default('') }}}}"
    if not isinstance(owner, Mapping):
        return ""
    keys = [str(key) for key in owner][:_MANY]
    return nearest(what.missing_name, keys) or (f"it has: {', '.join(sorted(keys)[:12])}" if keys else "it is empty")


def recursive(way: Sequence[str], position: Position | None) -> RecursiveVariable:
    """Return the error for a variable that is defined in terms of itself."""
    summary = f"'{way[0]}' is defined in terms of itself: {' -> '.join(way)}"
    hint = "give the inner one another name; a variable cannot extend its own value of a lower level"
    return RecursiveVariable(Diagnostic(summary, position, hint=hint), way)


def header(error: ValueError, position: Position) -> TemplateError:
    """Return the error for a ``#jinja2:`` line that cannot be read."""
    return TemplateError(Diagnostic(str(error), position))


def syntax(
    error: TemplateSyntaxError, text: str, position: Position | None, known: Known, skipped_lines: int = 0
) -> TemplateError:
    """Return the error for a template that cannot be parsed or names an unknown filter or test."""
    message = (error.message or "cannot be parsed").rstrip(".")
    unknown = re.match(r"No (filter|test) named '(.+)'", message)
    hint = ""
    if unknown:
        kind, name = unknown.groups()
        said = f"template error while templating string: Could not load \"{name}\": '{name}'. String: {text}"
        return TemplateError(_unknown(kind, name, _moved(position, error.lineno + skipped_lines, text), known), said)
    if "expected token 'end of print statement', got '='" in message or "got '='" in message:
        hint = "compare with =="
    elif "got '{'" in message or ("unexpected '}'" in message):
        hint = "inside {{ }} and in conditions a variable is written without further {{ }}"
    place = _moved(position, error.lineno + skipped_lines, text)
    diagnostic = Diagnostic(f"template syntax: {message}", place, _shown(text), hint)
    return TemplateError(diagnostic, _syntax_said(error, text))


def unknown_names(tree: nodes.Template, text: str, position: Position | None, known: Known) -> Diagnostic | None:
    """Return the first filter or test of ``tree`` that does not exist."""
    for kind, node_type, names in (("filter", nodes.Filter, known.filters), ("test", nodes.Test, known.tests)):
        for node in tree.find_all(node_type):
            if known.in_collection(kind, node.name):
                continue
            if node.name not in names() and short_name(node.name) not in names():
                return _unknown(kind, node.name, _moved(position, node.lineno, text), known)
    return None


def _unknown(kind: str, name: str, position: Position | None, known: Known) -> Diagnostic:
    names = known.filters() if kind == "filter" else known.tests()
    return Diagnostic(f"there is no {kind} '{name}'", position, hint=nearest(name.rsplit(".", 1)[-1], names))


def _moved(position: Position | None, line: int, text: str) -> Position | None:
    """Return the position of ``line`` of a text that starts at ``position``."""
    if position is None or line <= 1:
        return position
    lines = text.splitlines()
    wanted = lines[line - 1].strip() if line <= len(lines) else ""
    for number in (position.line + line - 1, position.line + line):
        shown = position.source.line(number)
        if shown is not None and (not wanted or wanted in shown):
            return Position(position.source, number, len(shown) - len(shown.lstrip()) + 1)
    return position


def _position(where: Where, line: int | None) -> Position | None:
    if where.name:
        skipped = where.text.count("\n") - where.source.count("\n")
        number = (line or 1) + skipped
        shown = where.text.splitlines()[number - 1 : number]
        column = len(shown[0]) - len(shown[0].lstrip()) + 1 if shown else 1
        return in_file(where.name, where.text, number, column)
    return _moved(where.position or position_of(where.text), line or 1, where.text)


def _line(traceback: TracebackType | None, where: Where) -> int | None:
    """Return the line of the template in which an error was raised."""
    found: int | None = None
    for frame, number in walk_tb(traceback):
        template = frame.f_globals.get("__jinja_template__")
        if template is not None and template.name in {None, where.name}:
            found = int(template.get_corresponding_lineno(number))
    return found


def _expression(where: Where, line: int | None) -> str:
    """Return the expression at ``line`` of the template, where it is clear which one it is."""
    text = where.source or where.text
    if "{" not in text:
        return _shown(text)
    spans = list(_spans(text))
    at = [shown for first, last, shown in spans if line is None or first <= line <= last]
    return _shown(at[0]) if len(at) == 1 else _shown(" ".join(at)) if at else ""


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _EXPRESSION.finditer(text):
        first = text.count("\n", 0, found.start()) + 1
        yield first, first + found.group().count("\n"), found.group()


def _shown(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 160 else shown[:157] + "..."


def _way(where: Where) -> str:
    """Return by which variables one came here."""
    chain = where.work.chain
    if not chain:
        return ""
    lines = []
    for name in reversed(chain):
        found = where.work.scope.find(name)
        lines.append(f"in the value of '{name}' ({_origin(found.layer.origin)})" if found else f"for '{name}'")
    return "\n".join(lines)


def _origin(origin: str) -> str:
    return Path(origin).as_posix() if "/" in origin else origin


def _lines(text: str) -> list[str]:
    return text.splitlines()
