"""Secrets for the OpenSSH client: answered through a pipe, nowhere else, and gone afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

from provisioner.transport.askpass import Askpass


def asked(askpass: Askpass, prompt: str) -> subprocess.CompletedProcess[str]:
    script = askpass.environment()["SSH_ASKPASS"]
    return subprocess.run([script, prompt], capture_output=True, text=True, timeout=10, check=False)


def test_each_prompt_gets_its_own_secret() -> None:
    askpass = Askpass("pass word", "phrase")
    assert asked(askpass, "me@host's password: ").stdout == "pass word\n"
    assert asked(askpass, "Enter passphrase for key '/k': ").stdout == "phrase\n"
    askpass.close()


def test_other_questions_are_declined() -> None:
    askpass = Askpass("p", None)
    assert asked(askpass, "Are you sure you want to continue connecting (yes/no)? ").returncode == 1
    askpass.close()


def test_a_client_that_asks_again_and_again_gets_empty_answers_and_is_not_left_waiting() -> None:
    askpass = Askpass("p", None)
    assert [asked(askpass, "password:").stdout for _ in range(4)] == ["p\n", "p\n", "\n", "\n"]
    askpass.close()


def test_no_secret_is_in_the_environment_or_on_disk() -> None:
    askpass = Askpass("geheim", None)
    environment = askpass.environment()
    folder = Path(environment["SSH_ASKPASS"]).parent
    assert "geheim" not in "".join(environment.values())
    assert not any("geheim" in path.read_text() for path in folder.iterdir() if path.is_file())
    assert folder.stat().st_mode & 0o077 == 0
    askpass.close()
    assert not folder.exists()
