"""Warnings and errors in the words and the layout that Ansible gives them, on standard error."""

from __future__ import annotations

from provisioner.compat.terminal import screen
from provisioner.diagnostics.diagnostic import Severity
from provisioner.diagnostics.errors import Exit, InputError
from provisioner.reporting.printable import printable


def tell_warning(text: str) -> None:
    """Write a warning."""
    screen().warn(printable(text))


def tell_error(text: str) -> None:
    """Write an error."""
    screen().say(f"ERROR! {printable(text)}".rstrip("\n"), "red", is_error=True, level="ERROR")


def tell_input_error(error: InputError) -> int:
    """Write what is wrong with the input; return the exit code: 4 where a file is wrong, 1 where an option is."""
    for diagnostic in error.diagnostics:
        if diagnostic.severity is Severity.WARNING:
            tell_warning(diagnostic.summary)
        else:
            tell_error(diagnostic.said())
    known = [d.known_code for d in error.diagnostics if d.severity is Severity.ERROR and d.known_code]
    if known:
        return known[0]
    is_parsing = any(d.position is not None for d in error.diagnostics if d.severity is Severity.ERROR)
    return Exit.BAD_INPUT if is_parsing else Exit.ERROR
