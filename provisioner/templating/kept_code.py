"""Compiled template files, kept from one run to the next: reading what Jinja made of a file beats making it again.

What Jinja compiles depends on the text, the marks it is written with, and on which of the filters and tests it names
want to be told of the rendering; nothing is evaluated beforehand. Only what lies readable on the disk anyway is kept.
"""

from __future__ import annotations

from typing import Any

import jinja2
from jinja2 import nodes

from provisioner import __version__
from provisioner.templating.environment import ScopeEnvironment
from provisioner.templating.settings import KeepsCode, TemplateOptions

Uses = tuple[tuple[str, str, str], ...]
"""Kind, name, and what of the rendering it is passed, for each filter and test that a template names."""


def compiled(
    environment: ScopeEnvironment, text: str, shown: str, options: TemplateOptions, keeper: KeepsCode | None
) -> Any:
    """Return the code of a template file, from the keeper or compiled; TemplateSyntaxError where it is none."""
    if keeper is None or environment.has_own_extensions:
        return environment.compile(text, name=shown, filename=shown)
    name = "\0".join((__version__, jinja2.__version__, repr(options), shown, text))
    found = keeper.find(name)
    if found is not None:
        code, uses = found
        if uses == _uses(environment, uses):
            return code
    tree = environment.parse(text, shown, shown)
    called = {(_kind(node), node.name, "") for node in tree.find_all((nodes.Filter, nodes.Test))}
    uses = _uses(environment, tuple(sorted(called)))
    code = environment.compile(tree, name=shown, filename=shown)
    keeper.keep(name, (code, uses))
    return code


def _kind(node: nodes.Node) -> str:
    return "filter" if isinstance(node, nodes.Filter) else "test"


def _uses(environment: ScopeEnvironment, uses: Uses) -> Uses:
    """Return the same names with what they are passed now."""
    tables = {"filter": environment.filters, "test": environment.tests}
    return tuple((kind, name, _passed(tables[kind].get(name))) for kind, name, _ in uses)


def _passed(plugin: Any) -> str:
    if plugin is None:
        return "unknown"
    return str(getattr(plugin, "jinja_pass_arg", ""))
