"""The kernel, the machine's architecture and the host's names."""

import os
import platform
import socket
import struct
import threading
from typing import Any, Dict, List

from ..system import System
from ..system.reading import text

SUBSET = "platform"
FACTS = ("system", "kernel", "kernel_version", "machine", "python_version", "architecture", "machine_id")
MINIMAL = True
NAME_SERVICE_S = 2.0


def collect(system: System) -> Dict[str, Any]:
    """Ask uname and the name service."""
    kernel = os.uname()
    bits = struct.calcsize("P") * 8
    machine = kernel.machine
    fqdn = full_name(kernel.nodename)
    facts = {
        "system": kernel.sysname,
        "kernel": kernel.release,
        "kernel_version": kernel.version,
        "machine": machine,
        "architecture": "i386" if machine in ("i486", "i586", "i686") else machine,
        "userspace_bits": str(bits),
        "nodename": kernel.nodename,
        "hostname": kernel.nodename.split(".")[0],
        "fqdn": fqdn,
        "domain": fqdn.partition(".")[2],
        "python_version": platform.python_version(),
    }
    if machine == "x86_64":
        facts["userspace_architecture"] = "x86_64" if bits == 64 else "i386"
    else:
        facts["userspace_architecture"] = facts["architecture"]
    machine_id = text(system, "/var/lib/dbus/machine-id") or text(system, "/etc/machine-id")
    if machine_id:
        facts["machine_id"] = machine_id.splitlines()[0]
    return facts


def full_name(nodename: str) -> str:
    """Return the name the name service gives this host; a name server that does not answer costs two seconds."""
    answer: List[str] = []
    asking = threading.Thread(target=lambda: answer.append(socket.getfqdn()), name="fqdn")
    asking.daemon = True
    asking.start()
    asking.join(NAME_SERVICE_S)
    return answer[0] if answer else nodename
