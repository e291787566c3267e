"""Puts questions to the person at the keyboard."""

from __future__ import annotations

import getpass
import sys

from provisioner.diagnostics.errors import UnmetNeed


def ask_secret(question: str) -> str:
    """Return the answer to ``question``, typed unseen; without a terminal it is read from standard input."""
    try:
        return getpass.getpass(question) if sys.stdin.isatty() else _line(question)
    except EOFError:
        raise _nobody(question) from None


def ask(question: str, secret: bool = False) -> str:
    """Return the answer to ``question``; ``secret`` answers are typed unseen."""
    if secret:
        return ask_secret(question)
    try:
        return input(question) if sys.stdin.isatty() else _line(question)
    except EOFError:
        raise _nobody(question) from None


def _line(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _nobody(question: str) -> UnmetNeed:
    return UnmetNeed(
        f"nobody answered '{question.strip()}'", "run it on a terminal or give the value by option or file"
    )
