"""Wait for a time, or for the person at the terminal."""

from __future__ import annotations

import datetime
import sys
from typing import Any

from provisioner.execution.needs import Pause, Question, Says, Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, demand, is_number, mutually_exclusive, optional
from provisioner.remote.wording import Wrong, sentence

TRAITS = Traits(reach="others")
KEYS = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)"


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
    is_attended = bool(sys.stdin and sys.stdin.isatty())
    more: dict[str, Any] = {}
    if wait_s is None:
        if not is_attended:
            more["warnings"] = ["Not waiting for response to prompt as stdin is not interactive"]
        typed = yield Question(_question(call, params), echo=params.echo)
        is_aborted = typed is None
    else:
        yield Says(_announced(call, params, wait_s, is_attended=is_attended))
        typed, is_aborted = "", (yield Pause(max(0.0, wait_s))) is False
    if is_aborted:
        return {"failed": True, "changed": False, "msg": "user requested abort!"}
    stop = datetime.datetime.now().astimezone()
    spent = stop - start
    return {
        "changed": False,
        "rc": 0,
        "stderr": "",
        "stdout": _told(spent.total_seconds(), in_minutes=params.seconds is None),
        "start": str(start.replace(tzinfo=None)),
        "stop": str(stop.replace(tzinfo=None)),
        "delta": int(spent.total_seconds()),
        "echo": params.echo,
        "user_input": typed,
        **more,
    }


def _question(call: ActionCall, params: Params) -> str:
    text = params.prompt or "Press enter to continue, Ctrl+C to interrupt"
    return f"[{call.run.task.title}]\n{text}{'' if params.echo else ' (output is hidden)'}:"


def _announced(call: ActionCall, params: Params, wait_s: float, *, is_attended: bool) -> str:
    """Return what is said when the time begins to run; which keys end it where somebody can press them."""
    lines = [f"Pausing for {wait_s:g} seconds"]
    if is_attended:
        lines += [KEYS, *([_question(call, params)] if params.prompt else [])]
    return "\n".join(lines)


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
