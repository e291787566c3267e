"""Template files rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.settings import TemplateOptions
from provisioner.templating.values import FinalUnsafe, data_or_text, from_nodes_native
from provisioner.variables.scope import Layer, Level

MARKS = ("variable_start_string", "variable_end_string", "comment_start_string", "comment_end_string", "trim_blocks",
         "lstrip_blocks")  # fmt: skip


def run(
    terms: list[object],
    context: LookupContext,
    *,
    convert_data: bool = True,
    template_vars: dict[str, object] | None = None,
    jinja2_native: bool = False,
    **options: Any,
) -> list[object]:
    """Return each template rendered, looked for in ``templates/``; ``template_vars`` are added to the variables.

    Other options: variable_start_string, variable_end_string, comment_start_string, comment_end_string.
    """
    strange = set(options) - set(MARKS)
    if strange:
        raise ValueError(f"unknown option {', '.join(sorted(strange))}; there are {', '.join(MARKS)}")
    settings = replace(TemplateOptions(), **options)
    rendered: list[object] = []
    for term in terms:
        path, text = context.read(str(term), "templates")
        scope = context.scope.with_layers(
            Layer(Level.MAGIC, "template", _about(path, context.settings.ansible_managed), rendered=True)
        )
        if template_vars:
            scope = scope.with_layers(Layer(Level.MAGIC, "template_vars", template_vars, rendered=True))
        result = context.renderer.file(text, str(path), scope, settings)
        rendered.append(_converted(result, context, convert_data=convert_data, jinja2_native=jinja2_native))
    return rendered


def _converted(text: str, context: LookupContext, *, convert_data: bool, jinja2_native: bool) -> object:
    """Return the data that a template spells, or its text where that is wanted."""
    if context.settings.native:
        return from_nodes_native([text]) if jinja2_native else FinalUnsafe(text)
    return data_or_text(text) if convert_data else FinalUnsafe(text)


def _about(path: Path, managed: str) -> dict[str, object]:
    return {"template_path": str(path), "template_fullpath": str(path.absolute()), "ansible_managed": managed}
