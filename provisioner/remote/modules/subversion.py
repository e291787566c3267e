"""Have a Subversion repository checked out at a revision."""

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN, Completed

TRAITS = Traits(reach="others", settles=False)


class Params(Parameters):
    """One working copy, or one export."""

    repo: str = required("str", "The repository's address.", aliases=("name", "repository"))
    dest: Optional[str] = optional("path", "Where it goes; none to ask for the revision only.")
    revision: str = optional("str", "The revision.", "HEAD", aliases=("rev", "version"))
    force: bool = optional("bool", "Throw local changes away.", False)
    in_place: bool = optional("bool", "Check out over files that are there.", False)
    username: Optional[str] = optional("str", "Who logs in.")
    password: Optional[str] = optional("str", "With which password.", no_log=True)
    executable: Optional[str] = optional("path", "The program svn.")
    checkout: bool = optional("bool", "Whether to check out where nothing is yet.", True)
    update: bool = optional("bool", "Whether to update what is there.", True)
    export: bool = optional("bool", "Files only, no working copy.", False)
    switch: bool = optional("bool", "Move a working copy to another address.", True)
    validate_certs: bool = optional("bool", "Refuse certificates that cannot be checked.", False)


class State(NamedTuple):
    """The working copy's revision and address (empty: none), whether files were changed, the remote's revision."""

    exists: bool
    revision: str = ""
    url: str = ""
    dirty: bool = False
    remote: str = ""


def inspect(params: Params, system: System) -> State:
    """Ask svn about both sides."""
    remote = _fields(_svn(params, ["info", "-r", params.revision, params.repo], system))
    newest = remote.get("Last Changed Rev", remote.get("Revision", ""))
    if params.dest is None:
        return State(False, remote=newest)
    if not system.files.exists(params.dest) or params.export:
        return State(system.files.exists(params.dest), remote=newest)
    if not system.files.is_dir(os.path.join(params.dest, ".svn")):
        if not params.in_place:
            raise Failed("ERROR: %s folder already exists, but its not a subversion repository." % params.dest)
        return State(False, remote=newest)
    here = _fields(_svn(params, ["info", params.dest], system))
    listed = _svn(params, ["status", "--quiet", "--ignore-externals", params.dest], system).out
    dirty = any(re.match(r"^[^?X ]| [^ ]", line) for line in listed.splitlines() if line.strip())
    return State(True, here.get("Last Changed Rev", here.get("Revision", "")), here.get("URL", ""), dirty, newest)


def _fields(done: Completed) -> Dict[str, str]:
    return dict(line.split(": ", 1) for line in done.out.splitlines() if ": " in line)


def _svn(params: Params, words: List[str], system: System) -> Completed:
    options = ["--non-interactive", "--no-auth-cache"]
    if not params.validate_certs:
        options += ["--trust-server-cert-failures=unknown-ca,cn-mismatch,expired,not-yet-valid,other"]
    options += ["--username", params.username] if params.username else []
    options += ["--password-from-stdin"] if params.password else []
    secret = params.password.encode() + b"\n" if params.password else None
    done = system.commands.run([params.executable or "svn", *options, *words], stdin=secret, env=PLAIN)
    if done.rc != 0:
        hint = "; install the package subversion" if done.rc == 127 else ""
        raise Failed((done.err or done.out).strip() + hint, rc=done.rc, cmd=words)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare revisions and addresses."""
    if params.dest is None and (params.checkout or params.update or params.export):
        raise Failed("the destination directory must be specified unless checkout=no, update=no, and export=no")
    before = ["Revision: " + state.revision, "URL: " + state.url] if state.url else None
    after = ["Revision: " + state.remote, "URL: " + params.repo]
    if params.dest is None:
        return Change(False, result={"after": after})
    if params.export:
        if state.exists and not params.force:
            return Change(False, result={"before": None, "after": None})
        return Change(True, ["export"], {"before": None, "after": after}, settles=False)
    return _plan_copy(params, state, before, after)


def _plan_copy(params: Params, state: State, before: Optional[List[str]], after: List[str]) -> Change:
    if not state.exists:
        return Change(params.checkout, ["checkout"], {"before": None, "after": after}, _diff(None, after))
    if not params.update:
        return Change(False, result={"before": before, "after": before})
    if state.dirty and not params.force:
        raise Failed("ERROR: modified files exist in the repository.")
    steps = ["revert"] if state.dirty else []
    moved = state.url.rstrip("/") != params.repo.rstrip("/")
    steps += ["switch"] if moved and params.switch else []
    steps += ["update"] if state.revision != state.remote else []
    if not steps:
        return Change(False, result={"before": before, "after": before})
    return Change(True, steps, {"before": before, "after": after}, _diff(before, after))


def _diff(before: Optional[List[str]], after: List[str]) -> Dict[str, str]:
    return {"before": "".join(each + "\n" for each in before or []), "after": "".join(each + "\n" for each in after)}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Take the steps."""
    params = change.params
    dest, revision = params.dest, ["-r", params.revision]
    for step in change.todo:
        words = {
            "export": ["export", *(["--force"] if params.force else []), *revision, params.repo, dest],
            "checkout": ["checkout", *(["--force"] if params.in_place else []), *revision, params.repo, dest],
            "revert": ["revert", "-R", dest],
            "switch": ["switch", *revision, params.repo, dest],
            "update": ["update", *revision, dest],
        }[step]
        _svn(params, words, system)
    return None


RETURNS = """
before: The revision before.
after: The revision now.
"""

EXAMPLES = """
- name: What is on the trunk
  subversion:
    repo: https://svn.example.org/app/trunk
    dest: /srv/app
"""
