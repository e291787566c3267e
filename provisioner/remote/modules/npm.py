"""Manage packages of Node.js.

The program npm does the work.
"""

import json
import os
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System
from ..system.commands import PLAIN, Completed

TRAITS = Traits(predictable="partly", reach="others", locks=("npm",), settles=False)


class Params(Parameters):
    """One package, or without a name all that the project's package.json wants."""

    name: Optional[str] = optional("str", "The package.")
    path: Optional[str] = optional("path", "The project's folder.")
    version: Optional[str] = optional("str", "The package's version.")
    global_: bool = optional("bool", "For the whole host.", False)
    executable: Optional[str] = optional("path", "The program npm.")
    ignore_scripts: bool = optional("bool", "Run no scripts of packages.", False)
    unsafe_perm: bool = optional("bool", "Do not give up root for scripts.", False)
    ci: bool = optional("bool", "Install exactly what the lock file says, from nothing.", False)
    production: bool = optional("bool", "Leave out what only development needs.", False)
    registry: Optional[str] = optional("str", "Where packages come from.")
    state: str = optional("str", "What is wanted.", "present", choices=("present", "absent", "latest"))
    no_optional: bool = optional("bool", "Leave out optional packages.", False)
    no_bin_links: bool = optional("bool", "Make no links to programs.", False)
    force: bool = optional("bool", "Install over what is in the way.", False)


class State(NamedTuple):
    """Versions installed by name, names that are wanted and missing, names that are older than they could be."""

    installed: Dict[str, str]
    missing: List[str]
    outdated: List[str]


def inspect(params: Params, system: System) -> State:
    """Ask npm; the folder may not exist yet."""
    if params.path is None and not params.global_:
        raise Failed("path must be specified when not using global")
    if params.path and not system.files.is_dir(params.path):
        return State({}, [], [])
    done = _npm(params, ["list", "--json", "--long"], system)
    try:
        listed = json.loads(done.out or "{}")
    except ValueError:
        raise Failed("Failed to parse NPM output: %s" % (done.err or done.out).strip(), rc=done.rc) from None
    installed, missing = {}, []
    for name, about in listed.get("dependencies", {}).items():
        if about.get("missing") or about.get("invalid"):
            missing.append(name)
        elif "version" in about or not params.name:
            installed[name] = str(about.get("version", ""))
    outdated: List[str] = []
    if params.state == "latest":
        outdated = sorted(json.loads(_npm(params, ["outdated", "--json"], system).out or "{}"))
    return State(installed, missing, outdated)


def _npm(params: Params, words: List[str], system: System, checked: bool = False) -> Completed:
    argv = [params.executable or "npm", *words]
    for is_on, option in (
        (params.global_, "--global"),
        (params.production, "--production"),
        (params.ignore_scripts, "--ignore-scripts"),
        (params.unsafe_perm, "--unsafe-perm"),
        (params.no_optional, "--no-optional"),
        (params.no_bin_links, "--no-bin-links"),
        (params.force, "--force"),
    ):
        argv += [option] if is_on else []
    argv += ["--registry", params.registry] if params.registry else []
    if checked:
        done = system.commands.run(argv, env=PLAIN, cwd=params.path)
    else:  # a question; it would leave a log in the user's home each time
        with tempfile.TemporaryDirectory(dir=system.tmp or None) as folder:
            done = system.commands.run(argv, env=dict(PLAIN, npm_config_cache=folder), cwd=params.path)
    if done.rc in (126, 127):
        raise Failed('Failed to find required executable "npm": ' + done.err.strip(), rc=done.rc)
    if checked and done.rc != 0:
        raise Failed((done.err or done.out).strip(), rc=done.rc, cmd=argv)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.ci:
        return Change(True, ["ci"])
    if params.state == "absent":
        if params.name is None:
            raise Failed("uninstalling a package is only available for named packages")
        there = params.name in state.installed
        return Change(there, ["uninstall", params.name], diff=_diff(params, state, "") if there else None)
    return _plan_project(params, state) if params.name is None else _plan_package(params, state, params.name)


def _plan_project(params: Params, state: State) -> Change:
    words = ["update"] if params.state == "latest" and not state.missing else ["install"]
    if state.missing or state.outdated:
        return Change(True, words)
    return Change(False if state.installed else None, words)


def _plan_package(params: Params, state: State, name: str) -> Change:
    here = state.installed.get(name)
    wrong = here is None or (params.version is not None and here != params.version.lstrip("v="))
    if params.state == "latest":
        wrong = here is None or name in state.outdated
    version = params.version or ("latest" if params.state == "latest" else "")
    target = name + ("@" + version if version else "")
    diff = _diff(params, state, version or "installed") if wrong else None
    return Change(wrong, ["install", target], diff=diff)


def _diff(params: Params, state: State, after: str) -> Dict[str, str]:
    here = state.installed.get(params.name or "", "")
    sides = (("before", here), ("after", after))
    return {side: "%s %s\n" % (params.name, text) if text else "" for side, text in sides}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Let npm do it; where it was not known whether anything is to do, compare."""
    params = change.params
    if params.path and not system.files.is_dir(params.path):
        system.files.makedirs(params.path, 0o755)
    wants_nothing = change.changed is None and not system.files.exists(os.path.join(params.path or "/", "package.json"))
    if wants_nothing and not params.global_:
        raise Failed("%s has no package.json" % params.path)
    _npm(params, change.todo, system, checked=True)
    if change.changed is None:
        return {"changed": inspect(params, system) != change.state}
    return None


RETURNS = """
rc: Exit code of the program.
"""

EXAMPLES = """
- name: What the project needs
  npm:
    path: /srv/app
    ci: true
    production: true
- name: A program for the whole host
  npm:
    name: pm2
    version: 5.3.0
    global: true
"""
