"""Set the host's name, now and for every boot."""

import socket
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..facts.platform import full_name
from ..params import Parameters, optional, required
from ..system import System
from ..system.systemctl import in_charge

TRAITS = Traits()
FILE = "/etc/hostname"
FILE_STRATEGIES = ("alpine", "debian", "generic", "redhat", "sles", "openrc")


class Params(Parameters):
    """systemd's own way where it runs; else the file and the kernel's name."""

    name: str = required("str", "The name.")
    use: Optional[str] = optional(
        "str",
        "Which way to use.",
        choices=(*FILE_STRATEGIES, "freebsd", "openbsd", "solaris", "systemd", "macos", "macosx", "darwin"),
    )


class State(NamedTuple):
    """The name now, and the one for the next boot."""

    current: str
    permanent: str
    by_systemd: bool


def inspect(params: Params, system: System) -> State:
    """Read both."""
    if params.use is not None and params.use not in (*FILE_STRATEGIES, "systemd"):
        raise Failed("the strategy '%s' is for another operating system than this one" % params.use)
    content = (system.files.read_or_none(FILE) or b"").decode("utf-8", "replace")
    lines = [line.strip() for line in content.splitlines() if line.strip() and not line.startswith("#")]
    by_systemd = params.use == "systemd" or (params.use is None and in_charge(system))
    current = system.commands.run(["hostname"]).out.strip() if system.root != "/" else socket.gethostname()
    return State(current, lines[0] if lines else "", by_systemd)


def plan(params: Params, state: State) -> Change:
    """Compare both with the name wanted."""
    short, _, rest = params.name.partition(".")
    facts = {
        "ansible_hostname": short,
        "ansible_nodename": params.name,
        "ansible_fqdn": params.name,
        "ansible_domain": rest,
    }
    result: Dict[str, Any] = {"name": params.name, "ansible_facts": facts}
    if state.current == params.name == state.permanent:
        return Change(False, result=result)
    before = state.permanent if state.permanent != params.name else state.current
    diff = {"before": "hostname = %s\n" % before, "after": "hostname = %s\n" % params.name}
    return Change(True, result=result, diff=diff)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Tell systemd; where its daemon cannot do it, write the file and tell the kernel."""
    name, state = change.params.name, change.state
    told = ""
    if state.by_systemd:
        done = system.commands.run(["hostnamectl", "--no-ask-password", "set-hostname", name], timeout_s=30)
        told = (done.err or done.out).strip()
        if done.rc == 0 and _is_done(change.params, system):
            return _facts(name)
    if state.permanent != name:
        system.files.write(FILE, (name + "\n").encode(), mode=0o644)
    if state.current != name:
        done = system.commands.run(["hostname", name])
        if done.rc != 0:
            try:
                socket.sethostname(name)
            except OSError as error:
                said = "; ".join(filter(None, (told, done.err.strip(), str(error))))
                raise Failed(
                    "the name was written to %s, the running system kept its old one: %s" % (FILE, said)
                ) from None
    return _facts(name)


def _is_done(params: Params, system: System) -> bool:
    again = inspect(params, system)
    return again.current == params.name == again.permanent


def _facts(name: str) -> Dict[str, Any]:
    """The name service may know a longer name than the one just set."""
    full = full_name(name)
    short, _, _ = name.partition(".")
    facts = {"ansible_hostname": short, "ansible_nodename": name, "ansible_fqdn": full}
    return {"ansible_facts": dict(facts, ansible_domain=full.partition(".")[2])}


RETURNS = """
name: The name now.
ansible_facts: The facts that the name changes.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: The name from the inventory
  hostname:
    name: "{{ inventory_hostname }}"
"""
