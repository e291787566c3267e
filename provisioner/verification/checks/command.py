"""A command ends and says what it should."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from provisioner.remote.params import optional, required_one_of
from provisioner.verification.assertions import Assertion, CheckParams, Seen, contains, equal, matches, one_of, unseen


class Params(CheckParams):
    """The command (no shell reads it unless asked), and what is expected of it."""

    cmd: str | None = optional("str", "The command line.")
    argv: list[str] | None = optional("list", "The command as a list of words.", elements="str")
    shell: bool = optional("bool", "Whether a shell reads the line.", False)
    rc: list[int] = optional("list", "Exit codes that are fine.", (0,), elements="int")
    stdout: str | None = optional("str", "All it prints; space around it does not count.")
    stdout_contains: object = optional("raw", "A text, or a list of texts, that stand in what it prints.")
    stdout_matches: str | None = optional("str", "A regular expression that finds something in what it prints.")
    stderr_contains: object = optional("raw", "A text, or a list of texts, that stand in its errors.")
    chdir: str | None = optional("str", "The folder to run in.")
    timeout: float = optional("float", "Seconds after which it is ended.", 60)
    free_form = "cmd"
    rules = (required_one_of("cmd", "argv"),)


def question(params: Params) -> dict[str, object]:
    """Return what to run; ValueError where the line cannot be split into words."""
    if params.argv is not None:
        argv = list(params.argv)
    elif params.shell:
        argv = ["/bin/sh", "-c", params.cmd or ""]
    else:
        argv = shlex.split(params.cmd or "")
    return {"kind": "command", "argv": argv, "chdir": params.chdir, "timeout": params.timeout}


def assertions(params: Params, seen: Seen) -> Sequence[Assertion]:
    """Return what has to hold."""
    found = unseen("command", seen)
    if found:
        return found
    ended = one_of("exit code", params.rc, seen["rc"])
    said = str(seen["stderr"]).strip()
    if not ended.passed and said:
        ended = Assertion(ended.what, ended.expected, f"{ended.actual} and: {said[-400:]}", passed=False)
    found.append(ended)
    out = str(seen["stdout"])
    if params.stdout is not None:
        found.append(equal("output", params.stdout.strip(), out.strip()))
    found += contains("output", params.stdout_contains, out)
    if params.stdout_matches is not None:
        found.append(matches("output", params.stdout_matches, out))
    found += contains("errors", params.stderr_contains, str(seen["stderr"]))
    return found
