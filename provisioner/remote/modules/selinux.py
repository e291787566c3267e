"""Set the policy and the mode of SELinux, in its configuration and in the running kernel.

The configuration was tested on a host whose kernel has no SELinux; for one that has it, getenforce and setenforce
were tested against recorded answers.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required, required_if
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("selinux",))


class Params(Parameters):
    """Policy and mode."""

    state: str = required("str", "The mode.", choices=("enforcing", "permissive", "disabled"))
    policy: Optional[str] = optional("str", "The policy, such as targeted.")
    configfile: str = optional("path", "The configuration.", "/etc/selinux/config", aliases=("conf", "file"))
    update_kernel_param: bool = optional("bool", "Set or remove selinux=0 for the next boot, with grubby.", False)
    rules = (required_if("state", "enforcing", "policy"), required_if("state", "permissive", "policy"))


class State(NamedTuple):
    """The configuration, the kernel's mode, whether grubby knows selinux=0 for each kernel."""

    content: Optional[bytes]
    running: str
    kernel_off: Optional[bool]


def inspect(params: Params, system: System) -> State:
    """Read the configuration; ask the kernel."""
    content = system.files.read_or_none(params.configfile)
    if content is None:
        raise Failed("Unable to find file %s; is SELinux installed?" % params.configfile)
    done = system.commands.run(["getenforce"], env=PLAIN)
    running = done.out.strip().lower() if done.rc == 0 else "disabled"
    kernel_off = None
    if params.update_kernel_param:
        asked = system.commands.run(["grubby", "--info=ALL"], env=PLAIN)
        if asked.rc != 0:
            raise Failed("grubby failed: %s" % (asked.err or asked.out).strip(), rc=asked.rc)
        kernels = re.findall(r'^args="?(.*?)"?$', asked.out, re.MULTILINE)
        off = ["selinux=0" in each.split() for each in kernels]
        kernel_off = all(off) if params.state == "disabled" else any(off)
    return State(content, running, kernel_off)


def plan(params: Params, state: State) -> Change:
    """Compare; what only a reboot brings about is said so."""
    content = state.content or b""
    text = content.decode("utf-8", "surrogateescape")
    policy = params.policy or (re.findall(r"^SELINUXTYPE=(\S*)", text, re.MULTILINE) or [""])[0]
    after = _set(text, "SELINUX", params.state)
    if policy:
        after = _set(after, "SELINUXTYPE", policy)
    steps: List[List[str]] = []
    said: List[str] = []
    reboot = state.running != params.state and "disabled" in (params.state, state.running)
    if reboot:
        said.append("SELinux state will change from '%s' to '%s' at the next reboot" % (state.running, params.state))
    if state.running == "enforcing" and params.state != "enforcing":
        steps.append(["setenforce", "0"])
    elif state.running == "permissive" and params.state == "enforcing":
        steps.append(["setenforce", "1"])
    steps += _boot_loader(params, state)
    written = after.encode("utf-8", "surrogateescape")
    result = {"configfile": params.configfile, "policy": policy, "state": params.state, "reboot_required": reboot}
    if written != content:
        said.append("Config SELinux state changed to '%s'" % params.state)
    result["msg"] = ", ".join(said)
    if written == content and not steps:
        return Change(False, result=result)
    return Change(
        True,
        {"file": written if written != content else None, "steps": steps},
        result,
        text_diff(params.configfile, content, written),
    )


def _boot_loader(params: Params, state: State) -> List[List[str]]:
    if state.kernel_off is None or state.kernel_off == (params.state == "disabled"):
        return []
    verb = "--args=selinux=0" if params.state == "disabled" else "--remove-args=selinux=0"
    return [["grubby", "--update-kernel=ALL", verb]]


def _set(text: str, key: str, value: str) -> str:
    pattern = re.compile(r"^%s=.*$" % key, re.MULTILINE)
    line = "%s=%s" % (key, value)
    if pattern.search(text):
        return pattern.sub(line, text)
    return text + ("" if text.endswith("\n") or not text else "\n") + line + "\n"


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the configuration, then tell the kernel and the boot loader."""
    if change.todo["file"] is not None:
        system.files.write(change.params.configfile, change.todo["file"])
    for words in change.todo["steps"]:
        done = system.commands.run(words, env=PLAIN)
        if done.rc != 0:
            raise Failed("%s failed: %s" % (" ".join(words), (done.err or done.out).strip()), rc=done.rc, changed=True)
    return None


RETURNS = """
policy: The policy.
state: The mode.
configfile: The file of the configuration.
reboot_required: Whether it holds only after a restart.
msg: What was done, in words.
"""

EXAMPLES = """
- name: SELinux guards this host
  selinux:
    policy: targeted
    state: enforcing
"""
