"""What can be wrong with a template: each error carries a diagnostic with the template's position."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError


class TemplateError(InputError):
    """A template that cannot be rendered: syntax, an unknown filter, or an operation that failed inside it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic)

    @property
    def brief(self) -> str:
        """The finding in one line, as a failed task shows it."""
        return ": ".join(part for part in (self.diagnostic.summary, self.diagnostic.detail.split("\n")[0]) if part)


class UndefinedVariable(TemplateError):
    """A name or attribute without a value. ``chain`` names the variables that led there, the outermost first."""

    def __init__(self, diagnostic: Diagnostic, name: str = "", chain: Sequence[str] = ()) -> None:
        self.name, self.chain = name, tuple(chain)
        super().__init__(diagnostic)


class RecursiveVariable(TemplateError):
    """A variable that is defined in terms of itself; ``chain`` is the way round."""

    def __init__(self, diagnostic: Diagnostic, chain: Sequence[str] = ()) -> None:
        self.chain = tuple(chain)
        super().__init__(diagnostic)


class LookupFailed(Exception):
    """Raised by lookups and filters: what went wrong, in one line; the renderer adds the position."""
