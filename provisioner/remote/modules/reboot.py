"""Restart the host; waiting until it is back is the controller's part."""

from typing import Any, Dict, List, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional
from ..system import System
from ..system.reading import text

TRAITS = Traits(predictable="partly", rerun=False, settles=False)
LEAVE_S = 2


class Params(Parameters):
    """How to go down. The times of coming back belong to the controller and are only accepted here."""

    pre_reboot_delay: float = optional("float", "Seconds to wait before going down.", 0)
    post_reboot_delay: float = optional("float", "Seconds to wait once it is back.", 0)
    reboot_timeout: int = optional("int", "Seconds within which it has to be back.", 600)
    connect_timeout: Optional[int] = optional("int", "Seconds for one attempt to connect.")
    test_command: str = optional("str", "What has to work once it is back.", "whoami")
    msg: str = optional("str", "What users are told.", "Reboot initiated by Ansible")
    search_paths: List[str] = optional(
        "list",
        "Where to look for shutdown.",
        ("/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"),
        elements="str",
    )
    boot_time_command: str = optional(
        "str", "Accepted; the kernel's boot id tells.", "cat /proc/sys/kernel/random/boot_id"
    )
    reboot_command: Optional[str] = optional("str", "The command to use instead of shutdown.")


State = str


def inspect(params: Params, system: System) -> str:
    """Read which boot this is."""
    return text(system, "/proc/sys/kernel/random/boot_id")


def plan(params: Params, state: str) -> Change:
    """A reboot is always a change."""
    return Change(True, result={"boot_id": state, "rebooted": False})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Go down in a moment, so that this answer still arrives."""
    params = change.params
    delay = "%g" % max(params.pre_reboot_delay, LEAVE_S)
    if params.reboot_command:
        last = "exec " + params.reboot_command
    else:
        program = system.commands.which("shutdown", *params.search_paths)
        if program is None:
            raise Failed("no program shutdown in %s" % ", ".join(params.search_paths))
        last = 'exec "%s" -r now "$2"' % program
    line = '(trap "" HUP; sleep "$1"; %s) </dev/null >/dev/null 2>&1 &' % last
    done = system.commands.run(["/bin/sh", "-c", line, "reboot", delay, params.msg])
    if done.rc != 0:
        raise Failed("Reboot command failed: %s" % done.err.strip(), rc=done.rc, rebooted=False)
    return {"boot_id": change.state, "rebooted": True}


RETURNS = """
rebooted: Whether the host was restarted.
elapsed: Seconds until it could be worked with again.
boot_id: Which start of the host it was asked in.
"""

EXAMPLES = """
- name: Into the new kernel
  reboot:
    msg: a new kernel was installed
"""
