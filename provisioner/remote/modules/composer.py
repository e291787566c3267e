"""Run composer, the package manager of PHP, in a project.

Whether something changed is read from what composer prints. Tested against its recorded answers.
"""

import re
import shlex
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(predictable="no", reach="others", locks=("composer",), settles=False)
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
    """The whole command line."""

    argv: List[str]


def inspect(params: Params, system: System) -> State:
    """Ask composer which options this command has, as they differ from version to version."""
    if re.search(r"\s", params.command):
        raise Failed("Use the 'arguments' param for passing arguments with the 'command'")
    if not params.global_command and not params.working_dir:
        raise Failed("global_command is False but all of the following are missing: working_dir")
    program = params.composer_executable or system.commands.which("composer", "/usr/local/bin")
    if program is None:
        raise Failed("Failed to find required executable composer")
    told = system.commands.run(
        [params.executable, program, "help", params.command, "--no-interaction", "--format=json"], env=PLAIN
    )
    known = set(re.findall(r'"--([a-z-]+)"', told.out)) if told.rc == 0 else set()
    words = [params.executable, program, *(["global"] if params.global_command else []), params.command]
    for each in ("ansi", "interaction", "progress"):
        if "no-" + each in known or each != "progress":
            words.append("--no-" + each)
    words += [
        "--" + each.replace("_", "-") for each in FLAGS if getattr(params, each) and each.replace("_", "-") in known
    ]
    words += ["--working-dir", params.working_dir] if params.working_dir else []
    return State([*words, *shlex.split(params.arguments)])


def plan(params: Params, state: State) -> Change:
    """Only running tells."""
    return Change(None, state.argv)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run it, and read whether it did anything."""
    done = system.commands.run(change.todo, env=PLAIN)
    said = done.out + "\n" + done.err
    if done.rc != 0:
        raise Failed(" ".join(said.split()), rc=done.rc, stdout=done.out, stderr=done.err, changed=True)
    return {"changed": NOTHING.search(said) is None, "msg": " ".join(said.split()), "stdout": done.out}


RETURNS = """
stdout: What composer wrote.
"""

EXAMPLES = """
- name: What the shop needs
  composer:
    command: install
    working_dir: /var/www/shop
"""
