"""Tell SELinux which context files below a path have.

The program semanage does the work; files that are there get their context from restorecon, not from here. Tested
with semanage on a host whose kernel has no SELinux; what a kernel that has it says, against recorded answers.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("selinux",))
KINDS = {
    "a": "all files",
    "b": "block device",
    "c": "character device",
    "d": "directory",
    "f": "regular file",
    "l": "symbolic link",
    "p": "named pipe",
    "s": "socket",
}
LINE = re.compile(r"^(\S+)\s+(%s)\s+(\S+)\s*$" % "|".join(KINDS.values()))


class Params(Parameters):
    """The files and their context."""

    target: str = required("str", "The path, as a regular expression.", aliases=("path",))
    ftype: str = optional("str", "Which kind of files; a for all.", "a", choices=tuple(sorted(KINDS)))
    setype: Optional[str] = optional("str", "The type.")
    substitute: Optional[str] = optional("str", "Another path whose contexts count here, too.", aliases=("equal",))
    seuser: Optional[str] = optional("str", "The user.")
    selevel: Optional[str] = optional("str", "The level.", aliases=("serange",))
    state: str = optional("str", "Whether it is set.", "present", choices=("absent", "present"))
    reload: bool = optional("bool", "Whether the policy is loaded again.", True)
    ignore_selinux_state: bool = optional("bool", "Work where SELinux is switched off, too.", False)
    rules = (mutually_exclusive("setype", "substitute"), mutually_exclusive("seuser", "substitute"))


class State(NamedTuple):
    """The context set on this host for that path and kind, and the other path it follows."""

    context: List[str]
    equal: str


def inspect(params: Params, system: System) -> State:
    """Ask semanage for what was set on this host."""
    if not params.ignore_selinux_state and not system.files.exists("/sys/fs/selinux/enforce"):
        raise Failed("SELinux is disabled on this host.")
    done = system.commands.run(["semanage", "fcontext", "-l", "-n", "-C"], env=PLAIN)
    if done.rc == 127:
        raise Failed("This module requires the program semanage; install the package policycoreutils-python-utils")
    if done.rc != 0:
        raise Failed("semanage failed: %s" % (done.err or done.out).strip(), rc=done.rc)
    context: List[str] = []
    equal = ""
    for line in done.out.splitlines():
        match = LINE.match(line)
        if match and match.group(1) == params.target and match.group(2) == KINDS[params.ftype]:
            context = match.group(3).split(":", 3)
        words = line.split(" = ")
        if len(words) == 2 and words[0].strip() == params.target:
            equal = words[1].strip()
    return State(context, equal)


def plan(params: Params, state: State) -> Change:
    """Compare what is given."""
    result = {name: getattr(params, name) for name in ("target", "ftype", "setype", "substitute", "seuser", "state")}
    result["serange"] = params.selevel
    if params.state == "absent":
        words = _absent(params, state)
    elif params.substitute is not None:
        words = [] if state.equal == params.substitute else ["-m" if state.equal else "-a", "-e", params.substitute]
    else:
        words = _present(params, state)
    if not words:
        return Change(False, result=result)
    command = ["semanage", "fcontext", words[0], *([] if params.reload else ["-N"]), *words[1:], params.target]
    before = ":".join(state.context) or state.equal
    after = "" if params.state == "absent" else " ".join(words[1:])
    return Change(True, command, result, {"before": "%s\n" % before, "after": "%s\n" % after})


def _absent(params: Params, state: State) -> List[str]:
    if state.equal and params.setype is None:
        return ["-d", "-e", state.equal]
    return ["-d", "-f", params.ftype] if state.context else []


def _present(params: Params, state: State) -> List[str]:
    if params.setype is None:
        raise Failed("state is present but any of the following are missing: setype, substitute")
    known = dict(zip(("seuser", "role", "setype", "selevel"), state.context))
    asked: Dict[str, Any] = {"seuser": params.seuser, "setype": params.setype, "selevel": params.selevel}
    if state.context and all(value is None or known.get(key) == value for key, value in asked.items()):
        return []
    words = ["-m" if state.context else "-a", "-f", params.ftype, "-t", params.setype]
    words += ["-s", params.seuser] if params.seuser else []
    return words + (["-r", params.selevel] if params.selevel else [])


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run semanage."""
    done = system.commands.run(change.todo, env=PLAIN)
    if done.rc != 0:
        raise Failed("semanage failed: %s" % (done.err or done.out).strip(), rc=done.rc)
    return None


RETURNS = """
target: The path.
ftype: The kind of file.
setype: The type.
seuser: The user.
serange: The level.
substitute: The path whose contexts count instead.
state: What was asked for.
"""

EXAMPLES = """
- name: What the web server may read
  sefcontext:
    target: /srv/web(/.*)?
    setype: httpd_sys_content_t
"""
