"""Puts questions to the person at the keyboard."""

from __future__ import annotations

import getpass
import os
import sys
import termios
import tty
from pathlib import Path

from provisioner.diagnostics.errors import UnmetNeed
from provisioner.model.question import OneKey

TERMINAL = Path("/dev/tty")
"""The terminal that a process belongs to."""


def ask_secret(question: str) -> str:
    """Return the answer to ``question``, typed unseen.

    Where standard input is no terminal it is read from there; where nothing comes from it either, from the terminal
    that the process belongs to, as programs that answer such questions (sshpass) expect.
    """
    try:
        return getpass.getpass(question) if sys.stdin.isatty() else _line(question)
    except EOFError:
        pass
    try:
        with TERMINAL.open():
            return getpass.getpass(question)
    except (OSError, EOFError):
        raise _nobody(question) from None


def ask(question: str, secret: bool = False) -> str:
    """Return the answer to ``question``; ``secret`` answers are typed unseen."""
    if isinstance(question, OneKey):
        return _key(question)
    if secret:
        return ask_secret(question)
    try:
        return input(question) if sys.stdin.isatty() else _line(question)
    except EOFError:
        raise _nobody(question) from None


def _key(question: OneKey) -> str:
    """Return the key that answers ``question`` as a capital letter; others are passed over."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)  # first, as it drops what was typed before
    try:
        sys.stderr.write(question)
        sys.stderr.flush()
        while pressed := os.read(number, 1):
            key = pressed.decode("ascii", "replace").upper()
            if key in question.keys:
                return key
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
    raise _nobody(question)


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
