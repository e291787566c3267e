"""Runs many command lines of one program in one process that has it loaded: forked for each, two at a time.

``python many.py ours|theirs`` reads a JSON list from stdin: each job has ``arguments``, ``folder``, ``environment``.
What a job prints goes to ``ours.out`` or ``theirs.out`` in its folder, its exit code behind it, to ``....code``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

AT_ONCE = 2
PROGRAMS = {"ours": ("provisioner.cli.main", "entry"), "theirs": ("ansible.cli.playbook", "main")}
USED = {
    "ours": ("provisioner.cli.commands.run", "provisioner.execution.course"),
    "theirs": (
        "ansible.executor.playbook_executor",
        "ansible.plugins.strategy.linear",
        "ansible.plugins.callback.default",
    ),
}


def main() -> None:
    """Run the jobs."""
    side = sys.argv[1]
    jobs = json.load(sys.stdin)
    module, name = PROGRAMS[side]
    for used in USED[side]:
        importlib.import_module(used)
    program = getattr(importlib.import_module(module), name)
    under_way = 0
    for job in jobs:
        if under_way == AT_ONCE:
            os.wait()
            under_way -= 1
        if os.fork() == 0:
            _child(side, program, job)
        under_way += 1
    while under_way:
        os.wait()
        under_way -= 1


def _child(side, program, job):
    """Become the program; never return."""
    os.setsid()
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    out = os.open(f"{side}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, out), (2, out)):
        os.dup2(source, target)
    code = 250
    try:
        sys.argv = job["arguments"]
        code = program()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - whatever it is, it is what the program ended with
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    Path(f"{side}.code").write_text(str(code or 0), encoding="utf-8")
    os._exit(0)


if __name__ == "__main__":
    main()
