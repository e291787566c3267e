"""Load and unload kernel modules, now and at every start."""

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN
from ..system.reading import names, text

TRAITS = Traits(locks=("modprobe",))
LOAD, OPTIONS = "/etc/modules-load.d", "/etc/modprobe.d"


class Params(Parameters):
    """One kernel module."""

    name: str = required("str", "The module.")
    state: str = optional("str", "Whether it is loaded.", "present", choices=("absent", "present"))
    params: str = optional("str", "The module's parameters.", "")
    persistent: str = optional(
        "str",
        "Whether files say so for every start; disabled leaves files alone.",
        "disabled",
        choices=("disabled", "present", "absent"),
    )


class State(NamedTuple):
    """Whether it is loaded, and the files to write with their new content (None removes nothing)."""

    loaded: bool
    files: Dict[str, str]


def inspect(params: Params, system: System) -> State:
    """Read the kernel's list and the files that speak of modules."""
    loaded = text(system, "/proc/modules")
    wanted = params.name.replace("-", "_")
    is_loaded = any(line.split(" ")[0].replace("-", "_") == wanted for line in loaded.splitlines())
    is_loaded = is_loaded or (params.state == "present" and _is_builtin(wanted, system))
    files = {}
    if params.persistent != "disabled":
        for folder in (LOAD, OPTIONS):
            for name in names(system, folder):
                if name.endswith(".conf"):
                    path = os.path.join(folder, name)
                    files[path] = (system.files.read_or_none(path) or b"").decode("utf-8", "surrogateescape")
    return State(is_loaded, files)


def _is_builtin(wanted: str, system: System) -> bool:
    release = text(system, "/proc/sys/kernel/osrelease") or os.uname().release
    listed = text(system, "/lib/modules/%s/modules.builtin" % release)
    return any(os.path.basename(line)[:-3].replace("-", "_") == wanted for line in listed.splitlines())


def plan(params: Params, state: State) -> Change:
    """Compare with the wish."""
    files = _files(params, state)
    load = state.loaded != (params.state == "present")
    diff: List[Dict[str, str]] = [
        {
            "before": state.files.get(path, ""),
            "after": content,
            "before_header": path,
            "after_header": path,
        }
        for path, content in sorted(files.items())
    ]
    result = {"name": params.name, "params": params.params, "state": params.state}
    return Change(load or bool(files), (load, files), result, diff or None)


def _files(params: Params, state: State) -> Dict[str, str]:
    """Return the files to change with their new content."""
    if params.persistent == "disabled":
        return {}
    load = re.compile(r"^\s*%s\s*(#.*)?$" % re.escape(params.name))
    options = re.compile(r"^\s*options\s+%s\s+(.*?)\s*$" % re.escape(params.name))
    if params.persistent == "absent":
        changed = {path: _commented(path, content, load, options) for path, content in state.files.items()}
        return {path: content for path, content in changed.items() if content != state.files[path]}
    files = {}
    lines = [(path, line) for path, content in state.files.items() for line in content.splitlines()]
    if not any(path.startswith(LOAD) and load.match(line) for path, line in lines):
        path = os.path.join(LOAD, params.name + ".conf")
        files[path] = state.files.get(path, "") + params.name + "\n"
    files.update(_options(params, state, options, lines))
    return files


def _options(params: Params, state: State, options: Any, lines: List[Any]) -> Dict[str, str]:
    """Return the files that must say other parameters."""
    files: Dict[str, str] = {}
    found = [options.match(line) for path, line in lines if path.startswith(OPTIONS)]
    set_now = [match.group(1) for match in found if match]
    if params.params and sorted(" ".join(set_now).split()) != sorted(params.params.split()):
        path = os.path.join(OPTIONS, params.name + ".conf")
        for each, content in state.files.items():
            kept = _commented(each, content, None, options)
            if kept != content:
                files[each] = kept
        files[path] = files.get(path, state.files.get(path, "")) + "options %s %s\n" % (params.name, params.params)
    return files


def _commented(path: str, content: str, load: Any, options: Any) -> str:
    pattern = load if path.startswith(LOAD) else options
    lines = content.splitlines(True)
    return "".join("#" + line if pattern is not None and pattern.match(line) else line for line in lines)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Load or unload, then write the files."""
    params, (load, files) = change.params, change.todo
    if load:
        words = [params.name, *params.params.split()] if params.state == "present" else ["-r", params.name]
        done = system.commands.run(["modprobe", *words], env=PLAIN)
        if done.rc != 0:
            raise Failed((done.err or done.out).strip() or "modprobe failed", rc=done.rc, stdout=done.out)
    for path, content in files.items():
        system.files.makedirs(os.path.dirname(path), 0o755)
        mode = None if system.files.exists(path) else 0o644
        system.files.write(path, content.encode("utf-8", "surrogateescape"), mode=mode)
    return None


RETURNS = """
name: The kernel module.
params: Its parameters.
state: What was asked for.
stdout: What the program wrote.
"""

EXAMPLES = """
- name: Bridges are filtered
  modprobe:
    name: br_netfilter
    persistent: present
- name: A module with a parameter
  modprobe:
    name: dummy
    params: numdummies=2
"""
