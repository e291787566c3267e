"""Wait for a time, or for the person at the terminal."""

from __future__ import annotations

import datetime
import sys
from typing import Any

from provisioner.execution.needs import Question, Sleep, Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, demand, is_number, mutually_exclusive, optional
from provisioner.remote.wording import Wrong, sentence

TRAITS = Traits(reach="others")


class Params(Parameters):
    """How long, or what to ask; without any of them Enter goes on."""

    minutes: float | None = optional("float", "Minutes to wait.")
    seconds: float | None = optional("float", "Seconds to wait.")
    prompt: str | None = optional("str", "What to ask.")
    echo: bool = optional("bool", "Show what is typed.", True)
    rules = (mutually_exclusive("minutes", "seconds"),)


def run(call: ActionCall) -> Steps:
    """Wait; where nobody is there to ask, go on."""
    for name in ("minutes", "seconds"):
        given = call.args.get(name)
        wrong = Wrong("type", (name,), ("int", False), given)
        demand(given is None or is_number(given), sentence([wrong]))
    params = Params.parse(call.args)
    wait_s = params.seconds if params.seconds is not None else None
    if params.minutes is not None:
        wait_s = params.minutes * 60
    start = datetime.datetime.now().astimezone()
    typed = ""
    more: dict[str, Any] = {}
    if wait_s is None:
        if not (sys.stdin and sys.stdin.isatty()):
            more["warnings"] = ["Not waiting for response to prompt as stdin is not interactive"]
        question = params.prompt or "Press enter to continue, Ctrl+C to interrupt"
        typed = yield Question(f"[{call.run.task.title}]\n{question}:", echo=params.echo)
    else:
        yield Sleep(max(0.0, wait_s))
    stop = datetime.datetime.now().astimezone()
    spent = stop - start
    return {
        "changed": False,
        "rc": 0,
        "stderr": "",
        "stdout": _told(spent.total_seconds(), in_minutes=params.minutes is not None),
        "start": str(start.replace(tzinfo=None)),
        "stop": str(stop.replace(tzinfo=None)),
        "delta": int(spent.total_seconds()),
        "echo": params.echo,
        "user_input": typed,
        **more,
    }


def _told(seconds: float, *, in_minutes: bool) -> str:
    return f"Paused for {round(seconds / 60, 2)} minutes" if in_minutes else f"Paused for {round(seconds, 2)} seconds"


RETURNS = """
rc: The exit code.
stderr: What was written to standard error.
stdout: What was written to standard output.
start: When it began.
stop: When it ended.
delta: How long it took.
echo: As given.
user_input: What was typed.
stdout_lines: The same, a line an item.
stderr_lines: The same, a line an item.
"""

EXAMPLES = """
- name: Let the cache fill
  pause:
    seconds: 10

- name: A person decides
  pause:
    prompt: Look at the new page, then press Enter
"""
