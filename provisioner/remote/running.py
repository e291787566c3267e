"""What command, shell and script share: whether to run at all, running with streamed output, and the result."""

import datetime
import glob
import os
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from .change import Change, Failed
from .params import Parameters, optional
from .system import System

QUIET_S = 1.0


class RunParameters(Parameters):
    """The parameters that say where and whether to run."""

    free_form = "_raw_params"

    _raw_params: Optional[str] = optional("str", "The command line, as free text.")
    chdir: Optional[str] = optional("path", "Change into this directory before running.")
    creates: Optional[str] = optional("path", "Do not run where this file, or one matching this pattern, exists.")
    removes: Optional[str] = optional("path", "Only run where this file, or one matching this pattern, exists.")


class Found(NamedTuple):
    """What the host says about whether to run: does ``creates`` exist, does ``removes``, is ``chdir`` a directory."""

    created: bool
    removable: bool
    problem: str


def look(params: Any, system: System) -> Found:
    """Look for the files and the directory the parameters name."""
    problem = ""
    if params.chdir and not os.path.isdir(system.files.real(params.chdir)):
        number = 20 if system.files.exists(params.chdir) else 2
        problem = "Unable to change directory before execution: [Errno %d] %s: %r" % (
            number,
            os.strerror(number),
            params.chdir,
        )
    return Found(_exists(params.creates, params, system), _exists(params.removes, params, system), problem)


def _exists(pattern: Optional[str], params: Any, system: System) -> bool:
    if not pattern:
        return False
    return bool(glob.glob(system.files.real(os.path.join(params.chdir or "/", pattern))))


def decide(params: Any, found: Found, shown: Union[str, List[str], None]) -> Change:
    """Return whether to run. Without ``creates`` or ``removes`` only running tells whether anything changes."""
    base = _result(shown)
    if found.problem:
        raise Failed(found.problem, **base)
    reason = ""
    if params.creates and found.created:
        reason = "'%s' exists" % params.creates
    elif params.removes and not found.removable:
        reason = "'%s' does not exist" % params.removes
    if reason:
        base.update(rc=0, msg="Did not run command since " + reason)
        base.update(_texts("skipped, since " + reason.replace("'", ""), ""))
        return Change(False, result=base)
    base.update(rc=0, msg="Command would have run if not in check mode")
    return Change(True if params.creates or params.removes else None, result=base)


def _result(shown: Union[str, List[str], None]) -> Dict[str, Any]:
    result: Dict[str, Any] = {"cmd": shown, "rc": None, "start": None, "end": None, "delta": None}
    result.update(_texts("", ""))
    return result


def _texts(out: str, err: str) -> Dict[str, Any]:
    return {"stdout": out, "stderr": err, "stdout_lines": out.splitlines(), "stderr_lines": err.splitlines()}


def run(
    argv: Sequence[str], shown: Union[str, List[str]], params: Any, system: System, stdin: Optional[bytes] = None
) -> Dict[str, Any]:
    """Run a program and return the documented result; raise Failed where it ends with another code than 0."""
    cwd = system.files.real(params.chdir) if params.chdir else None
    started = datetime.datetime.now()  # noqa: DTZ005 - Ansible shows the host's own wall clock
    done = system.commands.run(argv, stdin=stdin, cwd=cwd, hear=forward(system.emit))
    ended = datetime.datetime.now()  # noqa: DTZ005
    if done.rc in (126, 127) and not done.out and done.err.startswith("%s: " % argv[0]):
        _refuse_missing(argv[0], shown, done.err[len(argv[0]) + 2 :])
    strip = getattr(params, "strip_empty_ends", False)
    out, err = (text.rstrip("\r\n") if strip else text for text in (done.out, done.err))
    result = _result(shown)
    result.update(changed=True, rc=done.rc, msg="", start=str(started), end=str(ended), delta=str(ended - started))
    result.update(_texts(out, err))
    if done.rc != 0:
        result.pop("msg")
        raise Failed("non-zero return code", **result)
    return result


def _refuse_missing(program: str, shown: Union[str, List[str]], reason: str) -> None:
    for number in (2, 13, 20):
        if reason == os.strerror(number):
            line = shown if isinstance(shown, str) else " ".join(shown)
            raise Failed(
                "[Errno %d] %s: %r" % (number, reason, os.fsencode(program)), cmd=line, rc=number, **_texts("", "")
            )


def forward(emit: Callable[[str, str], None]) -> Callable[[str, bytes], None]:
    """Return a listener that passes whole lines on once the program has run for a while; short ones stay silent."""
    start = time.monotonic()
    waiting = {"stdout": b"", "stderr": b""}

    def hear(stream: str, data: bytes) -> None:
        waiting[stream] += data
        if time.monotonic() - start < QUIET_S:
            return
        whole, newline, rest = waiting[stream].rpartition(b"\n")
        if newline:
            waiting[stream] = rest
            emit(stream, (whole + newline).decode("utf-8", "replace"))

    return hear
