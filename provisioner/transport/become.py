"""Becoming another user: the command around a script, the password dialogue, and what went wrong in words."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Callable

from provisioner.model.target import Become, Target
from provisioner.records import dataclass

from .failures import ElevationFailed

ANY_PROMPT = re.compile(r"[^\n]*[:\uff1a]\s*\Z")
OWN_PROMPT = re.compile(r"\[provisioner [0-9a-f]{8}\] password:")
WANTS_TERMINAL = re.compile(
    r"must have a tty|tty is required|must be run from a terminal|no tty present", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Elevation:
    """How a script is started as the other user, and the prompt that asks for the password."""

    command: str
    prompt: re.Pattern[str] | None = None
    terminal: bool = False


def elevate(script: str, become: Become | None, *, terminal: bool = False) -> Elevation:
    """Return how ``script`` (POSIX shell text) is run; without ``become`` just by ``/bin/sh``."""
    command = f"/bin/sh -c {shlex.quote(script)}"
    if become is None:
        return Elevation(command, terminal=terminal)
    builders = {"sudo": _sudo, "su": _su, "doas": _doas}
    if become.method not in builders:
        known = ", ".join(builders)
        raise ElevationFailed(f"there is no become method '{become.method}'; there are {known}")
    return builders[become.method](command, become, terminal)


def _sudo(command: str, become: Become, terminal: bool) -> Elevation:
    words = [become.exe or "sudo", *shlex.split("-H -S -n" if become.flags is None else become.flags)]
    prompt = None
    if become.password is not None:
        text = f"[provisioner {secrets.token_hex(4)}] password:"
        words = [word for word in words if word not in ("-n", "--non-interactive")]
        words += ["-p", text] + ([] if _reads_input(words) else ["-S"])
        prompt = re.compile(re.escape(text))
    words += ["-u", become.user]
    return Elevation(f"{shlex.join(words)} {command}", prompt, terminal)


def _reads_input(words: list[str]) -> bool:
    return any(re.fullmatch(r"-[A-Za-z]*S[A-Za-z]*|--stdin", word) for word in words)


def _su(command: str, become: Become, terminal: bool) -> Elevation:
    flags = shlex.split("-" if become.flags is None else become.flags)
    words = [become.exe or "su", *flags, become.user, "-c", command]
    return Elevation(shlex.join(words), ANY_PROMPT, terminal)


def _doas(command: str, become: Become, terminal: bool) -> Elevation:
    words = [become.exe or "doas", *shlex.split(become.flags or "")]
    if become.password is None:
        words += ["-n"]
    words += ["-u", become.user]
    asks = become.password is not None
    return Elevation(f"{shlex.join(words)} {command}", ANY_PROMPT if asks else None, terminal or asks)


class Dialogue:
    """Watches what a starting command says and answers the one password prompt that may come."""

    def __init__(self, elevation: Elevation, become: Become | None, answer: Callable[[bytes], None]) -> None:
        self._prompt, self._become, self._answer = elevation.prompt, become, answer
        self._said = ""
        self.answered = False

    def hear(self, data: bytes) -> None:
        """Take more of what was said; answers a prompt, raises ElevationFailed on a second one."""
        if self._prompt is None or self._become is None:
            return
        self._said = (self._said + data.decode("utf-8", "replace"))[-2048:]
        if not self._prompt.search(self._said):
            return
        self._said = ""
        if self.answered:
            raise ElevationFailed("the password was not accepted")
        if self._become.password is None:
            raise ElevationFailed("it asks for a password and none was given")
        self.answered = True
        self._answer(self._become.password.encode() + b"\n")


def explain(target: Target, become: Become, reason: str, said: str) -> ElevationFailed:
    """Return the error for a failed elevation: who, how, why, what the host said, the way out."""
    login = target.user or "the login user"
    said = OWN_PROMPT.sub("", said)
    given = "with a password" if become.password is not None else "without a password"
    lines = [
        f"host {target.host}: {login} could not become {become.user} by {become.method} ({given}): {reason}",
        *(f"    {become.method} said: {line}" for line in said.splitlines()[-6:] if line.strip()),
        f"    hint: {_way_out(become, reason + said, login)}",
    ]
    return ElevationFailed("\n".join(lines))


def _way_out(become: Become, text: str, login: str) -> str:
    if WANTS_TERMINAL.search(text):
        return f"{become.method} insists on a terminal (requiretty); switch that off for {login}"
    if "not accepted" in text or "incorrect password" in text or "uthentication failure" in text:
        return "check ansible_become_password (--ask-become-pass); nothing was tried twice"
    if re.search(r"password is required|asks for a password|a password is required|uthorization required", text):
        return f"give ansible_become_password (--ask-become-pass), or allow {login} {become.method} without one"
    if re.search(r"not found|No such file", text):
        return f"is {become.method} installed there? ansible_become_method and ansible_become_exe choose another"
    if re.search(r"not in the sudoers|not allowed|not permitted", text):
        return f"allow {login} to become {become.user} in the host's {become.method} rules, or log in as another user"
    return f"try the same by hand as {login}; see ansible_become_method, ansible_become_flags"
