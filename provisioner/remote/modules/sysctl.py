"""Set kernel parameters, in a file and in the running kernel."""

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN
from ..system.reading import text

TRAITS = Traits()
LINE = re.compile(r"^\s*-?([^#;=\s][^=\s]*)\s*=\s*(.*?)\s*$")


class Params(Parameters):
    """One parameter."""

    name: str = required("str", "The parameter, with dots.", aliases=("key",))
    value: Optional[str] = optional("str", "Its value.", aliases=("val",))
    state: str = optional("str", "Whether it stands in the file.", "present", choices=("present", "absent"))
    sysctl_file: str = optional("path", "The file.", "/etc/sysctl.conf")
    sysctl_set: bool = optional("bool", "Compare with the running kernel and set it there.", False)
    reload: bool = optional("bool", "Let the kernel take the file when it changed, or has another value.", True)
    ignoreerrors: bool = optional("bool", "Do not mind parameters the kernel does not know.", False)


class State(NamedTuple):
    """The file's content and the kernel's value."""

    content: bytes
    live: str


def inspect(params: Params, system: System) -> State:
    """Read both; /proc/sys says what the kernel has."""
    content = system.files.read_or_none(params.sysctl_file) or b""
    return State(content, text(system, "/proc/sys/" + params.name.replace(".", "/").replace("//", ".")))


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.state == "present" and not (params.value or "").strip():
        raise Failed("value cannot be blank" if params.value is not None else "value cannot be None")
    before = state.content.decode("utf-8", "surrogateescape")
    after = "".join(_edited(params, before.splitlines(True)))
    in_file = after != before
    is_other = params.state == "present" and state.live.split() != _wanted(params).split()
    live = params.sysctl_set and is_other
    reload = params.reload and (in_file or (is_other and not live))
    content = after.encode("utf-8", "surrogateescape") if in_file else None
    todo = {"file": content, "live": live, "reload": reload}
    diff = text_diff(params.sysctl_file, state.content, content) if in_file else None
    # a kernel that does not take the value refuses it loudly, or was told to be ignored; the lines of other files, and
    # what the kernel rounds, are no mistake of this one
    settles = not params.ignoreerrors and (params.sysctl_set or not params.reload)
    return Change(in_file or live or reload, todo, diff=diff, settles=settles)


def _wanted(params: Params) -> str:
    value = params.value or ""
    return {"True": "1", "yes": "1", "true": "1", "False": "0", "no": "0", "false": "0"}.get(value, value).strip()


def _edited(params: Params, lines: List[str]) -> List[str]:
    kept: List[str] = []
    found = False
    for line in lines:
        match = LINE.match(line)
        if not match or match.group(1).replace("/", ".") != params.name:
            kept.append(line)
        elif params.state == "present" and not found:
            found = True
            same = match.group(2).split() == _wanted(params).split()
            kept.append(line if same else "%s=%s\n" % (params.name, _wanted(params)))
    if params.state == "present" and not found:
        if kept and not kept[-1].endswith("\n"):
            kept[-1] += "\n"
        kept.append("%s=%s\n" % (params.name, _wanted(params)))
    return kept


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file, then tell the kernel."""
    params, todo = change.params, change.todo
    ignore = ["-e"] if params.ignoreerrors else []
    if todo["live"]:
        _sysctl(system, [*ignore, "-w", "%s=%s" % (params.name, _wanted(params))])
    if todo["file"] is not None:
        mode = None if system.files.exists(params.sysctl_file) else 0o644
        system.files.makedirs(os.path.dirname(params.sysctl_file))
        system.files.write(params.sysctl_file, todo["file"], mode=mode)
    if todo["reload"]:
        _sysctl(system, [*ignore, "-p", params.sysctl_file])
    return None


def _sysctl(system: System, words: List[str]) -> None:
    """Run it; with -e it says yes to parameters the kernel does not know, and to nothing else."""
    done = system.commands.run(["sysctl", *words], env=PLAIN)
    if done.rc != 0 or "Invalid argument" in done.err:
        raise Failed("sysctl %s failed: %s" % (" ".join(words), (done.err or done.out).strip()))


EXAMPLES = """
- name: Forward packets
  sysctl:
    name: net.ipv4.ip_forward
    value: "1"
    sysctl_file: /etc/sysctl.d/90-router.conf
    sysctl_set: true
"""
