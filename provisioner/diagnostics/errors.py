"""The tree of our own exceptions and the exit codes they end in.

ProvisionerError
    InputError      what the user gave is wrong; carries diagnostics; exit 4 (as ansible-playbook's parser error)
        UnreadableVariables     what a run brought in has variables that cannot be read
    UnmetNeed       this machine lacks something (root, a program, an interpreter); exit 1
    TargetError     a host could not be worked with
        Unreachable     no connection, or refused
        Lost            contact broke while something ran; its outcome is not known yet
    Defect          our own mistake; exit 250
A module's failure is a Result, not an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import IntEnum

from .diagnostic import Diagnostic
from .position import Position


class Exit(IntEnum):
    """Process exit codes, those of ansible-playbook where it has one."""

    OK = 0
    ERROR = 1
    HOSTS_FAILED = 2
    HOSTS_UNREACHABLE = 4
    BAD_INPUT = 4
    BAD_OPTIONS = 5
    WINDOW_SHUT = 6
    INTERRUPTED = 99
    DEFECT = 250


class ProvisionerError(Exception):
    """Root of everything we raise on purpose."""

    exit_code: Exit = Exit.ERROR


class InputError(ProvisionerError):
    """What the user gave is wrong; every mistake found so far is in ``diagnostics``."""

    exit_code = Exit.BAD_INPUT

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        items = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: Sequence[Diagnostic] = items
        super().__init__("\n".join(d.render() for d in items))

    @classmethod
    def at(
        cls, position: Position | None, summary: str, *, detail: str = "", hint: str = "", known_as: str = ""
    ) -> InputError:
        """Make an error with a single diagnostic."""
        return cls(Diagnostic(summary, position, detail, hint, known_as=known_as))

    def said(self) -> str:
        """Return the message of a task that failed for it."""
        return "\n".join(diagnostic.said() for diagnostic in self.diagnostics)


class UnreadableVariables(InputError):
    """A role, a group or a host that came in while running has variables that cannot be read."""


class UnmetNeed(ProvisionerError):
    """Something this machine lacks; the text names the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what}: {remedy}")


class TargetError(ProvisionerError):
    """A host could not be worked with; the text names host, user, what was tried and the way out."""


class Unreachable(TargetError):
    """No session could be opened to the host."""


class Lost(TargetError):
    """Contact broke while a request was under way: done, not done, or half done is not known yet."""


class Defect(ProvisionerError):
    """A mistake in provisioner itself; please report it."""

    exit_code = Exit.DEFECT


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the known name most like ``word``, or an empty string."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{found[0]}'?" if found else ""
