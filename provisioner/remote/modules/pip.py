"""Manage Python packages, in the system's Python or in a virtual environment."""

import json
import os
import re
import shlex
import sys
from importlib import util
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required_one_of
from ..pep440 import meets, normalised, requirement
from ..system import System
from ..system.commands import PLAIN, Completed

TRAITS = Traits(predictable="partly", locks=("pip",))


class Params(Parameters):
    """Names may carry versions (``django>=4.2,<5``) or be addresses; those are compared before and after only."""

    name: List[str] = optional("list", "The packages.", (), elements="str")
    version: Optional[str] = optional("str", "The version of the one package named.")
    requirements: Optional[str] = optional("str", "A file that lists packages.")
    state: str = optional(
        "str", "What is wanted.", "present", choices=("absent", "forcereinstall", "latest", "present")
    )
    virtualenv: Optional[str] = optional("path", "A virtual environment; made where it is not there.")
    virtualenv_command: str = optional("path", "What makes the environment.", "virtualenv")
    virtualenv_python: Optional[str] = optional("str", "The Python of a new environment.")
    virtualenv_site_packages: bool = optional("bool", "A new environment sees the system's packages.", False)
    executable: Optional[str] = optional("path", "The program pip.")
    editable: bool = optional("bool", "Install as editable.", False)
    extra_args: Optional[str] = optional("str", "More words for pip.")
    chdir: Optional[str] = optional("path", "Change into this folder first.")
    umask: Optional[str] = optional("str", "File creation mask, in octal.")
    break_system_packages: bool = optional("bool", "Install beside packages of the distribution.", False)
    rules = (
        required_one_of("name", "requirements"),
        mutually_exclusive("name", "requirements"),
        mutually_exclusive("executable", "virtualenv"),
    )


class State(NamedTuple):
    """The program, the packages installed by name, the requirements in the file, and whether the environment is."""

    pip: List[str]
    installed: Dict[str, str]
    listed: List[str]
    has_environment: bool


def inspect(params: Params, system: System) -> State:
    """Ask pip what is installed."""
    pip = _pip(params, system)
    listed = _listed(params, system) if params.requirements else []
    if params.virtualenv and not system.files.exists(os.path.join(_environment(params), "bin", "activate")):
        return State(pip, {}, listed, False)
    return State(pip, _installed(pip, system), listed, True)


def _environment(params: Params) -> str:
    """Return where the environment is; a relative name counts from ``chdir``."""
    return os.path.join(params.chdir or "", params.virtualenv or "")


def _pip(params: Params, system: System) -> List[str]:
    if params.virtualenv:
        return [os.path.join(_environment(params), "bin", "pip")]
    if params.executable:
        found = params.executable if "/" in params.executable else system.commands.which(params.executable)
        if found is None:
            raise Failed("Unable to find any of %s to use.  pip needs to be installed." % params.executable)
        return [found]
    if sys.executable and util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = system.commands.which("pip3") or system.commands.which("pip")
    if found is None:
        raise Failed("Unable to find any of pip3, pip to use.  pip needs to be installed.")
    return [found]


def _installed(pip: List[str], system: System) -> Dict[str, str]:
    done = system.commands.run([*pip, "list", "--format=json", "--disable-pip-version-check"], env=PLAIN)
    if done.rc != 0:
        said = (done.err or done.out).strip()
        raise Failed("pip cannot list what is installed: %s" % said, rc=done.rc, cmd=" ".join(pip))
    start = done.out.find("[")
    return {normalised(each["name"]): each["version"] for each in json.loads(done.out[start:] or "[]")}


def _listed(params: Params, system: System) -> List[str]:
    """Return the lines of the requirements file without comments; those of files it includes are not looked at."""
    path = os.path.join(params.chdir or "/", params.requirements or "")
    content = system.files.read_or_none(path)
    if content is None:
        return [params.requirements or ""]  # an address, perhaps: pip will tell
    lines = content.decode("utf-8", "replace").replace("\\\n", " ").splitlines()
    stripped = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in lines)
    return [re.sub(r"\s--hash=\S+", "", line).strip() for line in stripped if line]


def plan(params: Params, state: State) -> Change:
    """Compare versions where requirements are plain; only running tells for all others and for ``latest``."""
    names = _names(params)
    result: Dict[str, Any] = {
        "name": names or None,
        "version": params.version,
        "state": params.state,
        "requirements": params.requirements,
        "virtualenv": params.virtualenv,
        "cmd": _command(params, state.pip, names),
        "stdout": "",
        "stderr": "",
    }
    needs = _needs(params, state, names)
    if not state.has_environment:
        if params.state == "absent":
            return Change(False, result=result)
        return Change(True, needs, result, settles=_settles(params, names))
    return Change(needs, needs, result, settles=_settles(params, names))


def _settles(params: Params, names: List[str]) -> bool:
    return params.state in ("present", "absent") and all(requirement(each) for each in names)


def _apart(given: Sequence[str]) -> List[str]:
    """Return requirements one by one, several in one text too; a comma in brackets or between clauses parts none."""
    names: List[str] = []
    for part in [part.strip() for each in given for part in ([each] if "://" in each else each.split(","))]:
        is_open = bool(names) and names[-1].count("[") > names[-1].count("]")
        if names and (is_open or re.match(r"^(===|==|!=|<=|>=|~=|<|>)", part)):
            names[-1] += "," + part
        else:
            names.append(part)
    return [name for name in names if name]


def _names(params: Params) -> List[str]:
    """Return the requirements named, with the version where that is given by itself."""
    names = _apart(params.name)
    if params.version is None:
        return names
    if len(names) > 1:
        raise Failed(
            "'version' argument is ambiguous when installing multiple package distributions. Please specify version "
            "restrictions next to each package in 'name' argument."
        )
    if names and (requirement(names[0]) is None or (requirement(names[0]) or (0, ()))[1]):
        raise Failed("The 'version' argument conflicts with any version specifier provided along with a package name.")
    bare = re.match(r"^\d", params.version)
    return [names[0] + ("==" if bare else "") + params.version] if names else names


def _needs(params: Params, state: State, names: List[str]) -> Optional[bool]:
    """Tell whether pip has something to do; None where only running tells."""
    if params.state == "forcereinstall":
        return True
    answers = [_need(params, state, each) for each in names or state.listed]
    if True in answers:
        return True
    if params.state == "absent":
        return False
    return None if None in answers or params.state == "latest" else False


def _need(params: Params, state: State, text: str) -> Optional[bool]:
    wanted = requirement(text)
    if params.state == "absent":
        found = requirement(text.partition("@")[0]) if wanted is None else wanted
        return found is not None and found.name in state.installed
    if wanted is None or params.editable:
        return None
    here = state.installed.get(wanted.name)
    if here is None:
        return True
    met = meets(here, wanted.clauses)
    return None if met is None else not met


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the environment, run pip, and where it was not known compare what is installed."""
    params, state = change.params, change.state
    said: List[Completed] = []
    before = state.installed
    if not state.has_environment:
        said.append(_make_environment(params, system))
        before = _installed(state.pip, system)
    done = _run(_command(params, state.pip, _names(params)), params, system)
    said.append(done)
    result: Dict[str, Any] = {
        "cmd": _command(params, state.pip, _names(params)),
        "stdout": "".join(each.out for each in said),
        "stderr": "".join(each.err for each in said),
    }
    if done.rc != 0:
        raise Failed(":stderr: " + done.err.strip(), rc=done.rc, **result)
    if change.changed is None:
        after = _installed(state.pip, system)
        result["changed"] = after != before or "Successfully installed" in done.out
    return result


def _command(params: Params, pip: List[str], names: List[str]) -> List[str]:
    if params.state == "absent":
        words = [*pip, "uninstall", "-y"]
    else:
        words = [*pip, "install"]
        words += {"latest": ["-U"], "forcereinstall": ["-U", "--force-reinstall"]}.get(params.state, [])
    words += shlex.split(params.extra_args or "")
    if params.requirements:
        return [*words, "-r", params.requirements]
    for each in names:
        words += ["-e", each] if params.editable and params.state != "absent" else [each]
    return words


def _run(words: List[str], params: Params, system: System) -> Completed:
    environment = dict(PLAIN, PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    if params.break_system_packages:
        environment["PIP_BREAK_SYSTEM_PACKAGES"] = "1"
    if params.umask is not None:
        if not re.match(r"^[0-7]{1,4}$", params.umask):
            raise Failed("umask must be an octal integer", details=params.umask)
        words = ["sh", "-c", 'umask %s && exec "$@"' % params.umask, "sh", *words]
    return system.commands.run(words, env=environment, cwd=params.chdir)


def _make_environment(params: Params, system: System) -> Completed:
    words = shlex.split(params.virtualenv_command)
    if "/" not in words[0] and system.commands.which(words[0]) is None:
        raise Failed(
            'Failed to find required executable "%s" in the search path; virtualenv_command may be "python3 -m venv"'
            % words[0]
        )
    is_venv = "venv" in words[1:] or os.path.basename(words[0]).startswith("pyvenv")
    if params.virtualenv_site_packages:
        words.append("--system-site-packages")
    if params.virtualenv_python:
        if is_venv:
            raise Failed("virtualenv_python should not be used when using the venv module or pyvenv")
        words.append("-p" + params.virtualenv_python)
    done = _run([*words, params.virtualenv or ""], params, system)
    if done.rc != 0:
        raise Failed("the environment cannot be made: " + (done.err or done.out).strip(), rc=done.rc, cmd=words)
    return done


RETURNS = """
cmd: The command as it was run.
name: The name as given.
requirements: The file of requirements.
version: As given.
virtualenv: The environment worked in.
state: What is there now, or what was asked for.
stdout: What was written to standard output.
stderr: What was written to standard error.
"""

EXAMPLES = """
- name: The application's libraries, in an environment of its own
  pip:
    requirements: /srv/app/requirements.txt
    virtualenv: /srv/app/venv
    virtualenv_command: python3 -m venv
- name: One package at a version
  pip:
    name: gunicorn
    version: 21.2.0
    virtualenv: /srv/app/venv
- name: Two packages
  pip:
    name: [bottle, "django>=4.2,<5"]
    break_system_packages: true
"""
