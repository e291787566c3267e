"""What a lookup is given: the variables, the way to render, and the files it may read."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from provisioner.records import dataclass
from provisioner.templating.errors import LookupFailed
from provisioner.templating.search import candidates, find_file
from provisioner.templating.settings import RenderSettings, TemplateOptions
from provisioner.variables.scope import Scope


class Renders(Protocol):
    """The part of the renderer that lookups use."""

    def render(self, value: object, scope: Scope) -> object:
        """Render a value and everything in it."""

    def variable(self, name: str, scope: Scope) -> object:
        """Return the rendered value of a variable; KeyError where there is none."""

    def file(self, text: str, name: str, scope: Scope, overrides: TemplateOptions) -> str:
        """Render the text of a template file."""


@dataclass(frozen=True, slots=True)
class LookupContext:
    """The surroundings of one lookup call; ``given`` are variables passed to that call alone."""

    scope: Scope
    renderer: Renders
    settings: RenderSettings

    def render(self, value: object) -> object:
        """Render a value with the variables of the call."""
        return self.renderer.render(value, self.scope)

    def variable(self, name: str) -> object:
        """Return the rendered value of a variable; KeyError where there is none."""
        return self.renderer.variable(name, self.scope)

    def find(self, name: str, folder: str) -> Path | None:
        """Return the file called ``name``, looked for as tasks do: in ``folder`` of role and playbook, then beside."""
        return find_file(name, folder, self.settings.search_paths(self.scope))

    def candidates(self, name: str, folder: str) -> list[Path]:
        """Return every place where ``name`` may be, the best first."""
        return candidates(name, folder, self.settings.search_paths(self.scope))

    def read(self, name: str, folder: str = "files") -> tuple[Path, str]:
        """Return path and text of a file; LookupFailed where it is not there."""
        path = self.find(name, folder)
        if path is None:
            places = ", ".join(str(place) for place in self.candidates(name, folder))
            raise LookupFailed(f"could not locate file in lookup: {name}; looked for: {places}")
        return path, self.settings.read_file(path).decode("utf-8")
