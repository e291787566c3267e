"""Run composer, the package manager of PHP, in a project.

Whether something changed is read from what composer prints; check mode asks it what it would do.
"""

import re
import shlex
from typing import Any, Dict, List, NamedTuple, Optional, Set

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System
from ..system.commands import PLAIN, Completed

TRAITS = Traits(predictable="partly", reach="others", locks=("composer",), settles=False)
NOTHING = re.compile(
    r"Nothing to install(?:,| or) update|Nothing to modify in lock file.*Nothing to install", re.DOTALL
)


class Params(Parameters):
    """What composer does, and where."""

    command: str = optional("str", "The command.", "install")
    arguments: str = optional("str", "Its arguments.", "")
    working_dir: Optional[str] = optional("path", "The project's folder.", aliases=("working-dir",))
    executable: str = optional("path", "The PHP program.", "php", aliases=("php_path",))
    composer_executable: Optional[str] = optional("path", "The program composer.")
    global_command: bool = optional("bool", "Work on the user's own project.", False)
    force: bool = optional("bool", "Accepted for older playbooks.", False)
    prefer_source: bool = optional("bool", "Fetch repositories.", False, aliases=("prefer-source",))
    prefer_dist: bool = optional("bool", "Fetch archives.", False, aliases=("prefer-dist",))
    no_dev: bool = optional("bool", "Leave out what developers need.", True, aliases=("no-dev",))
    no_scripts: bool = optional("bool", "Run no scripts of the project.", False, aliases=("no-scripts",))
    no_plugins: bool = optional("bool", "Use no plugins.", False, aliases=("no-plugins",))
    optimize_autoloader: bool = optional("bool", "Make the class map.", True, aliases=("optimize-autoloader",))
    classmap_authoritative: bool = optional(
        "bool", "Load from the class map only.", False, aliases=("classmap-authoritative",)
    )
    apcu_autoloader: bool = optional("bool", "Keep found classes in APCu.", False, aliases=("apcu-autoloader",))
    ignore_platform_reqs: bool = optional(
        "bool", "Do not mind PHP's version.", False, aliases=("ignore-platform-reqs",)
    )


FLAGS = (
    "prefer_source",
    "prefer_dist",
    "no_dev",
    "no_scripts",
    "no_plugins",
    "optimize_autoloader",
    "classmap_authoritative",
    "apcu_autoloader",
    "ignore_platform_reqs",
)


class State(NamedTuple):
    """The whole command line, and in check mode whether it would do anything, if composer can tell."""

    argv: List[str]
    foretold: Optional[bool] = None


def inspect(params: Params, system: System) -> State:
    """Make the command line; in check mode ask composer what it would do."""
    if re.search(r"\s", params.command):
        raise Failed("Use the 'arguments' param for passing arguments with the 'command'")
    if not params.global_command and not params.working_dir:
        raise Failed("global_command is False but all of the following are missing: working_dir")
    program = params.composer_executable or system.commands.which("composer", "/usr/local/bin")
    if program is None:
        raise Failed("Failed to find required executable composer")
    known = _options(params, program, system)
    words = [params.executable, program, *(["global"] if params.global_command else []), params.command]
    words += ["--no-ansi", "--no-interaction"]
    words += ["--no-progress"] if "no-progress" in known else []
    asked = (each.replace("_", "-") for each in FLAGS if getattr(params, each))
    words += ["--" + each for each in asked if each in known]
    words += ["--working-dir", params.working_dir] if params.working_dir else []
    more = shlex.split(params.arguments)
    trial = [*words, "--dry-run", *more] if system.checks and "dry-run" in known else None
    return State([*words, *more], None if trial is None else _is_change(_run(trial, system)))


def _options(params: Params, program: str, system: System) -> Set[str]:
    """Ask which options this command has, as they differ from version to version.

    Without plugins, as composer refuses to load them for root unless it was told so; the command itself does not mind.
    """
    asked = ["help", params.command, "--no-interaction", "--no-plugins", "--format=json"]
    told = system.commands.run([params.executable, program, *asked], env=PLAIN)
    return set(re.findall(r'"--([a-z-]+)"', told.out)) if told.rc == 0 else set()


def _run(argv: List[str], system: System) -> Completed:
    done = system.commands.run(argv, env=PLAIN)
    if done.rc != 0:
        raise Failed(_said(done), rc=done.rc, stdout=done.out, stderr=done.err, changed=True)
    return done


def _said(done: Completed) -> str:
    return " ".join((done.out + "\n" + done.err).split())


def _is_change(done: Completed) -> bool:
    return NOTHING.search(done.out + "\n" + done.err) is None


def plan(params: Params, state: State) -> Change:
    """Only running tells, or a trial."""
    return Change(state.foretold, state.argv)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run it, and read whether it did anything."""
    done = _run(change.todo, system)
    return {"changed": _is_change(done), "msg": _said(done), "stdout": done.out}


RETURNS = """
stdout: What composer wrote.
"""

EXAMPLES = """
- name: What the shop needs
  composer:
    command: install
    working_dir: /var/www/shop
"""
