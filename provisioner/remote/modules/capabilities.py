"""Give a program capabilities of the kernel, or take them away."""

import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits()
CAPABILITY = re.compile(r"^(cap_[a-z_]+)([=+-])([eip]*)$")


class Params(Parameters):
    """One capability with its flags, such as cap_net_bind_service+ep."""

    path: str = required("str", "The program.", aliases=("key",))
    capability: str = required("str", "The capability, an operator and flags.", aliases=("cap",))
    state: str = optional("str", "Whether it has it.", "present", choices=("absent", "present"))


class State(NamedTuple):
    """The program's capabilities: flags by name."""

    flags: Dict[str, str]


def inspect(params: Params, system: System) -> State:
    """Ask getcap."""
    if not system.files.exists(params.path):
        raise Failed("%s does not exist" % params.path)
    done = system.commands.run(["getcap", params.path], env=PLAIN)
    if done.rc == 127:
        raise Failed('Failed to find required executable "getcap"; install the package libcap2-bin')
    if done.rc != 0 or done.err.strip():
        raise Failed("Unable to get capabilities of %s" % params.path, stdout=done.out, stderr=done.err, rc=done.rc)
    found: Dict[str, str] = {}
    listed = done.out.strip()[len(params.path) :].strip() if done.out.startswith(params.path) else ""
    for names, flags in re.findall(r"(cap_[a-z_,]*)[=+]([eip]+)", listed.replace("= cap", "cap")):
        for name in names.split(","):
            found[name] = "".join(sorted(set(found.get(name, "") + flags)))
    return State(found)


def plan(params: Params, state: State) -> Change:
    """Compare; what other capabilities it has stays."""
    match = CAPABILITY.match(params.capability.lower())
    name = match.group(1) if match else params.capability.lower()
    if params.state == "present" and not (match and match.group(3)):
        raise Failed("Couldn't find operator (one of: ('=', '-', '+')) and flags in %s" % params.capability)
    after = dict(state.flags)
    if params.state == "absent":
        after.pop(name, None)
    elif match:
        after[name] = _combined(state.flags.get(name, ""), match.group(2), match.group(3))
        if not after[name]:
            del after[name]
    if after == state.flags:
        return Change(False, result={"state": params.state})
    text = " ".join("%s+%s" % item for item in sorted(after.items()))
    result = {"state": params.state, "msg": "capabilities changed"}
    return Change(True, text, result, {"before": _shown(state.flags), "after": _shown(after)})


def _combined(here: str, operator: str, flags: str) -> str:
    now = set(flags) if operator == "=" else set(here) | set(flags) if operator == "+" else set(here) - set(flags)
    return "".join(sorted(now))


def _shown(flags: Dict[str, str]) -> str:
    return "".join("%s+%s\n" % item for item in sorted(flags.items()))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Set all of them, or remove the attribute where none is left."""
    words = [change.todo] if change.todo else ["-r"]
    done = system.commands.run(["setcap", *words, change.params.path], env=PLAIN)
    if done.rc != 0:
        said = (done.err or done.out).strip()
        raise Failed("Unable to set capabilities of %s: %s" % (change.params.path, said), rc=done.rc)
    return {"stdout": done.out}


RETURNS = """
state: What was asked for.
stdout: What the program says of the capabilities.
"""

EXAMPLES = """
- name: The server may listen on port 80 without being root
  capabilities:
    path: /opt/app/server
    capability: cap_net_bind_service+ep
"""
