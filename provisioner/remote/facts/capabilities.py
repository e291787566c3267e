"""The kernel capabilities this process may use."""

from typing import Any, Dict

from ..system import System
from ..system.reading import lines, text

SUBSET = "caps"
FACTS = ("system_capabilities", "system_capabilities_enforced")
MINIMAL = True
NAMES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
    "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin "
    "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override "
    "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split()


def collect(system: System) -> Dict[str, Any]:
    """Decode the effective set; holding every one of them means that nothing is enforced."""
    effective = 0
    for line in lines(system, "/proc/self/status"):
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
    last = int(text(system, "/proc/sys/kernel/cap_last_cap", str(len(NAMES) - 1)))
    if effective == (1 << (last + 1)) - 1:
        return {"system_capabilities": [], "system_capabilities_enforced": "False"}
    held = ["cap_" + name for number, name in enumerate(NAMES) if effective >> number & 1]
    return {"system_capabilities": held, "system_capabilities_enforced": "True"}
