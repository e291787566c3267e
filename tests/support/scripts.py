"""Scripts of tasks as the shell of a host gets them: rendered, with the variables of their task."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.templating.renderer import Renderer
from provisioner.variables.scope import Layer, Level, Scope


def as_shell(task: Mapping[str, object], **variables: object) -> str:
    """Return the script of a ``raw`` task."""
    own = task.get("vars")
    values = {"migration": {"id": "shop"}, **variables, **(dict(own) if isinstance(own, Mapping) else {})}
    scope = Scope((Layer(Level.TASK_VARS, "task", values),))
    rendered = Renderer().render(task["raw"], scope)
    assert isinstance(rendered, str)
    return rendered
