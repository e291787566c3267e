"""Manage packages of Ruby."""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(reach="others", locks=("gem",), settles=False)


class Params(Parameters):
    """One gem."""

    name: str = required("str", "The gem.")
    state: str = optional("str", "What is wanted.", "present", choices=("present", "absent", "latest"))
    version: Optional[str] = optional("str", "Its version.")
    gem_source: Optional[str] = optional("path", "A file of the gem on the host.")
    include_dependencies: bool = optional("bool", "Install what it needs too.", True)
    repository: Optional[str] = optional("str", "Where it comes from.", aliases=("source",))
    user_install: bool = optional("bool", "Into the user's own folder; root's too.", True)
    executable: Optional[str] = optional("path", "The program gem.")
    install_dir: Optional[str] = optional("path", "The folder for gems.")
    bindir: Optional[str] = optional("path", "The folder for programs.")
    norc: bool = optional("bool", "Read no .gemrc.", True)
    env_shebang: bool = optional("bool", "Programs look for Ruby by env.", False)
    pre_release: bool = optional("bool", "Versions before the release count too.", False)
    include_doc: bool = optional("bool", "Install its documentation.", False)
    build_flags: Optional[str] = optional("str", "Words for its compiler.")
    force: bool = optional("bool", "Do not mind what needs it, or what it needs.", False)


class State(NamedTuple):
    """Versions installed, and the newest that there is (asked for ``latest`` only)."""

    installed: List[str]
    newest: str


def inspect(params: Params, system: System) -> State:
    """Ask gem."""
    installed = _versions(params, ["--local"], system)
    newest = ""
    if params.state == "latest":
        source = ["--source", params.repository] if params.repository else []
        listed = _versions(params, ["--remote", *(["--prerelease"] if params.pre_release else []), *source], system)
        newest = listed[0] if listed else ""
    return State(installed, newest)


def _versions(params: Params, words: List[str], system: System) -> List[str]:
    argv = [params.executable or "gem", "list", *(["--norc"] if params.norc else []), *words]
    where = {"GEM_HOME": params.install_dir} if params.install_dir else {}
    done = system.commands.run([*argv, "^%s$" % re.escape(params.name)], env=dict(PLAIN, **where))
    if done.rc != 0:
        raise Failed("gem cannot list: " + (done.err or done.out).strip(), rc=done.rc)
    match = re.search(r"^%s \(([^)]*)\)" % re.escape(params.name), done.out, re.MULTILINE)
    found = match.group(1).split(",") if match else []
    return [re.sub(r"^default:", "", each.strip()).strip().split(" ")[0] for each in found]


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.version and params.state == "latest":
        raise Failed("Cannot specify version when state=latest")
    if params.gem_source and params.state == "latest":
        raise Failed("Cannot maintain state=latest when installing from local source")
    here = params.version in state.installed if params.version else bool(state.installed)
    result = {"name": params.name, "state": params.state}
    if params.version:
        result["version"] = params.version
    if params.state == "absent":
        return Change(here, _uninstall(params), result, _diff(params, state, here, ""))
    needs = not here or (params.state == "latest" and bool(state.newest) and state.newest not in state.installed)
    wanted = params.version or state.newest or "installed"
    return Change(needs, _install(params), result, _diff(params, state, needs, wanted))


def _diff(params: Params, state: State, needs: bool, after: str) -> Optional[Dict[str, str]]:
    if not needs:
        return None
    before = ", ".join(state.installed)
    sides = (("before", before), ("after", after))
    return {side: "%s %s\n" % (params.name, text) if text else "" for side, text in sides}


def _install(params: Params) -> List[str]:
    words = ["install", *(["--norc"] if params.norc else [])]
    words += ["--version", params.version] if params.version else []
    words += ["--source", params.repository] if params.repository else []
    words += [] if params.include_dependencies else ["--ignore-dependencies"]
    if params.install_dir:
        words += ["--install-dir", params.install_dir]
    else:
        words.append("--user-install" if params.user_install else "--no-user-install")
    words += ["--bindir", params.bindir] if params.bindir else []
    words += ["--pre"] if params.pre_release else []
    words += [] if params.include_doc else ["--no-document"]
    words += ["--env-shebang"] if params.env_shebang else []
    words += ["--force"] if params.force else []
    words.append(params.gem_source or params.name)
    return [*words, "--", params.build_flags] if params.build_flags else words


def _uninstall(params: Params) -> List[str]:
    words = ["uninstall", *(["--norc"] if params.norc else [])]
    words += ["--install-dir", params.install_dir] if params.install_dir else []
    words += ["--bindir", params.bindir] if params.bindir else []
    words += ["--version", params.version] if params.version else ["--all"]
    return [*words, "--executables", *(["--force"] if params.force else []), params.name]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run gem."""
    done = system.commands.run([change.params.executable or "gem", *change.todo], env=PLAIN)
    if done.rc != 0:
        raise Failed((done.err or done.out).strip(), rc=done.rc, stdout=done.out)
    return None


RETURNS = """
name: The package.
version: The version asked for.
state: What was asked for.
"""

EXAMPLES = """
- name: A build tool for the whole host
  gem:
    name: bundler
    version: 2.4.22
    user_install: false
"""
