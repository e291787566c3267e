"""Nested loops in which a list may depend on the items before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.variables.scope import Layer, Level


def run(terms: list[Any], context: LookupContext, **options: Any) -> list[object]:
    """Return a dictionary for each combination; a term is ``{name: list, or an expression with item.other}``."""
    del options
    loops: list[tuple[str, Any]] = []
    for term in terms:
        if not isinstance(term, Mapping) or len(term) != 1:
            raise LookupFailed(f"dependent: a dictionary of one name is wanted, not {str(term)[:60]}")
        loops += term.items()
    return list(_walk(loops, {}, context))


def _walk(loops: list[tuple[str, Any]], item: dict[str, Any], context: LookupContext) -> Iterator[dict[str, Any]]:
    if not loops:
        yield dict(item)
        return
    (name, written), *rest = loops
    for value in _values(written, item, context):
        yield from _walk(rest, {**item, name: value}, context)


def _values(written: Any, item: dict[str, Any], context: LookupContext) -> list[Any]:
    values = written
    if isinstance(written, str):
        scope = context.scope.with_layers(Layer(Level.LOOP, "dependent", {"item": item}, rendered=True))
        values = context.renderer.render(f"{{{{ {written} }}}}", scope)
    if isinstance(values, Mapping):
        return [{"key": key, "value": value} for key, value in values.items()]
    if not isinstance(values, (list, tuple)):
        raise LookupFailed(f"dependent: '{written}' comes out as {type(values).__name__}, not as a list")
    return list(values)
