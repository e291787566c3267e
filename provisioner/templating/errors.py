"""What can be wrong with a template: each error carries a diagnostic with the template's position."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError


class TemplateError(InputError):
    """A template that cannot be rendered: syntax, an unknown filter, or an operation that failed inside it."""

    def __init__(self, diagnostic: Diagnostic, said: str = "", *, is_unexpected: bool = False) -> None:
        self.diagnostic, self.is_unexpected = diagnostic, is_unexpected
        self.plainly = said or diagnostic.summary
        """The finding in the words that playbooks compare a failed task's ``msg`` with: no position, no hint."""
        self.condition = ""
        super().__init__(diagnostic)

    def within(self, condition: str) -> TemplateError:
        """Say that it was found in a condition; the innermost counts."""
        self.condition = self.condition or condition
        return self

    def said(self) -> str:
        """Return the ``msg`` of a task that failed for it, beginning as Ansible's does."""
        if not self.condition:
            return self.plainly
        return f"The conditional check '{self.condition}' failed. The error was: {self.plainly}\n\n{self}"

    @property
    def brief(self) -> str:
        """The finding in one line, as a failed task shows it."""
        return ": ".join(part for part in (self.diagnostic.summary, self.diagnostic.detail.split("\n")[0]) if part)


class UndefinedVariable(TemplateError):
    """A name or attribute without a value. ``chain`` names the variables that led there, the outermost first."""

    def __init__(self, diagnostic: Diagnostic, name: str = "", chain: Sequence[str] = (), said: str = "") -> None:
        self.name, self.chain = name, tuple(chain)
        super().__init__(diagnostic, said)

    def through(self, raw: object) -> UndefinedVariable:
        """Return the same for a variable whose value ``raw`` needs what is undefined."""
        return UndefinedVariable(self.diagnostic, self.name, self.chain, f"{raw}: {self.plainly}")

    def said(self) -> str:
        """Return the ``msg`` of a task that failed for it, beginning as Ansible's does."""
        if self.condition:
            what = f"error while evaluating conditional ({self.condition}): {self.plainly}"
            return f"The conditional check '{self.condition}' failed. The error was: {what}\n\n{self}"
        return f"The task includes an option with an undefined variable. The error was: {self.plainly}\n\n{self}"


class RecursiveVariable(TemplateError):
    """A variable that is defined in terms of itself; ``chain`` is the way round."""

    def __init__(self, diagnostic: Diagnostic, chain: Sequence[str] = ()) -> None:
        self.chain = tuple(chain)
        super().__init__(diagnostic, f"recursive loop detected in template: {diagnostic.summary}")


class LookupFailed(Exception):
    """Raised by lookups and filters: what went wrong, in one line; the renderer adds the position.

    ``plainly`` is the same without the name of the lookup, which is put before it on the way.
    """

    def __init__(self, message: str = "", plainly: str = "") -> None:
        self.plainly = plainly or message
        super().__init__(message)
