"""Run make in a folder, where make itself says that there is something to do."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(predictable="partly", settles=False)


class Params(Parameters):
    """What to make, and where."""

    chdir: str = required("path", "The folder.")
    target: Optional[str] = optional("str", "What to make.")
    targets: Optional[List[str]] = optional("list", "What to make, in order.", elements="str")
    params: Optional[Dict[str, Any]] = optional("dict", "Variables for make.")
    file: Optional[str] = optional("path", "The makefile.")
    make: Optional[str] = optional("path", "The program.")
    jobs: Optional[int] = optional("int", "How many steps at the same time.")
    rules = (mutually_exclusive("target", "targets"),)


class State(NamedTuple):
    """The command line, and whether make would do nothing."""

    argv: List[str]
    up_to_date: bool


def inspect(params: Params, system: System) -> State:
    """Ask make whether anything is to be done."""
    program = params.make or system.commands.which("gmake") or system.commands.which("make")
    if program is None:
        raise Failed("Failed to find required executable make")
    words = [program, *(["--jobs", str(params.jobs)] if params.jobs is not None else [])]
    words += ["--file", params.file] if params.file else []
    words += [params.target] if params.target else list(params.targets or [])
    words += [key if value is None else "%s=%s" % (key, value) for key, value in (params.params or {}).items()]
    asked = system.commands.run([words[0], "--question", *words[1:]], cwd=system.files.real(params.chdir), env=PLAIN)
    return State(words, asked.rc == 0)


def plan(params: Params, state: State) -> Change:
    """Run it unless everything is up to date."""
    result = {
        "chdir": params.chdir,
        "file": params.file,
        "jobs": params.jobs,
        "params": params.params,
        "target": params.target,
        "targets": params.targets,
        "command": " ".join(state.argv),
        "stdout": "",
        "stderr": "",
    }
    return Change(not state.up_to_date, state.argv, result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run make."""
    done = system.commands.run(change.todo, cwd=system.files.real(change.params.chdir))
    if done.rc != 0:
        raise Failed(done.err.strip() or "make failed", rc=done.rc, stdout=done.out, stderr=done.err, changed=True)
    return {"stdout": done.out, "stderr": done.err}


RETURNS = """
chdir: The folder.
file: The makefile, where one was named.
target: What was made.
targets: All that was made.
params: The variables that were given.
jobs: How many jobs at once.
command: The command line.
rc: Exit code of the program.
stdout: What the program wrote.
stderr: What the program wrote as errors.
"""

EXAMPLES = """
- name: Build it
  make:
    chdir: /usr/local/src/app
    target: install
"""
