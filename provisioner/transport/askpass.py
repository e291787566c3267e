"""Answering the OpenSSH client's password prompts, with no password on a command line, in a file or in ``env``.

The client starts a script of ours that reads one line from a named pipe; the secrets wait in the kernel's buffer of
that pipe, which only this user can open and which is gone with the connection.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

SCRIPT = """#!/bin/sh
case "$1" in
*assphrase*) IFS= read -r secret <"$0.passphrase" ;;
*assword*) IFS= read -r secret <"$0.password" ;;
*) exit 1 ;;
esac
printf '%s\\n' "$secret"
"""
PROMPTS = 2
SPARE_PROMPTS = 8


class Askpass:
    """Serves the secrets of one start of the client."""

    def __init__(self, password: str | None, passphrase: str | None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="provisioner-ask-"))
        self._script = self._folder / "ask"
        self._script.write_text(SCRIPT, encoding="ascii")
        self._script.chmod(0o700)
        self._pipes = [self._serve("password", password), self._serve("passphrase", passphrase)]

    def environment(self) -> Mapping[str, str]:
        """Return the environment that makes the client ask the script."""
        return {
            **os.environ,
            "SSH_ASKPASS": str(self._script),
            "SSH_ASKPASS_REQUIRE": "force",
            "DISPLAY": os.environ.get("DISPLAY", ":0"),
        }

    def close(self) -> None:
        """Forget the secrets."""
        for descriptor in self._pipes:
            os.close(descriptor)
        self._pipes = []
        shutil.rmtree(self._folder, ignore_errors=True)

    def _serve(self, name: str, secret: str | None) -> int:
        """Fill a named pipe: the secret for the prompts that may come, then empty lines, which end the asking."""
        path = Path(f"{self._script}.{name}")
        os.mkfifo(path, 0o600)
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        answers = [] if secret is None else [secret] * PROMPTS
        os.write(descriptor, "".join(f"{line}\n" for line in [*answers, *[""] * SPARE_PROMPTS]).encode())
        return descriptor
