"""Tell how a job is doing that was started with ``async``, or remove what is left of it."""

import json
import os
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System

TRAITS = Traits(predictable="yes")


class Params(Parameters):
    """Which job, and what to do."""

    jid: str = required("str", "The job's number, which starting it returned as ansible_job_id.")
    mode: str = optional("str", "Ask for its state, or remove its state file.", "status", choices=("status", "cleanup"))
    _async_dir: str = optional("path", "Where the state files are.", "~/.ansible_async")


class State(NamedTuple):
    """The job's state file: where it is, and its content."""

    path: str
    text: Optional[str]


def inspect(params: Params, system: System) -> State:
    """Read the state file."""
    folder = os.path.expanduser(os.path.expandvars(params._async_dir))
    path = os.path.join(folder, os.path.basename(params.jid))
    if not system.files.exists(path):
        return State(path, None)
    return State(path, system.files.read(path).decode("utf-8", "surrogatepass"))


def plan(params: Params, state: State) -> Change:
    """Return what the file says; only removing it changes something, which does not count as a change."""
    if state.text is None:
        raise Failed("could not find job", ansible_job_id=params.jid, started=1, finished=1, **_plain(state))
    if params.mode == "cleanup":
        result = {"ansible_job_id": params.jid, "erased": state.path, "started": 0, "finished": 0, "changed": False}
        result.update(_texts())
        return Change(None, result=result)
    told = _content(params, state)
    result = dict(_texts(), ansible_job_id=params.jid, results_file=state.path)
    result.update(told)
    for name in ("stdout", "stderr"):
        if isinstance(told.get(name), str):
            result[name + "_lines"] = told[name].splitlines()
    result.setdefault("changed", False)
    if "started" not in told:
        result.update(started=1, finished=1)
    elif "finished" not in told:
        result["finished"] = 0
    return Change(False, result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Remove the state file."""
    state: State = change.state
    system.files.remove(state.path)
    return {"changed": False}


def _content(params: Params, state: State) -> Dict[str, Any]:
    try:
        told = json.loads(state.text or "")
        if isinstance(told, dict):
            return told
        raise ValueError("not an object")
    except ValueError:
        if not state.text:
            return {"started": 1, "finished": 0}
        message = "Could not parse job output: %s" % state.text
        raise Failed(message, ansible_job_id=params.jid, started=1, finished=1, **_plain(state)) from None


def _plain(state: State) -> Dict[str, Any]:
    return dict(_texts(), results_file=state.path)


def _texts() -> Dict[str, Any]:
    return {"stdout": "", "stderr": "", "stdout_lines": [], "stderr_lines": []}


RETURNS = """
ansible_job_id: The job.
finished: 1 once it has ended.
started: 1 once it has begun.
stdout: What the job wrote.
stderr: What the job wrote as errors.
erased: The file that was removed, with cleanup.
results_file: The file with what the job left.
"""

EXAMPLES = """
- name: Wait for a job that a task with async and poll 0 has started
  async_status:
    jid: "{{ rebuilding.ansible_job_id }}"
  register: rebuilt
  until: rebuilt is finished
  retries: 60
  delay: 60

- name: Remove its state file
  async_status:
    jid: "{{ rebuilding.ansible_job_id }}"
    mode: cleanup
"""
