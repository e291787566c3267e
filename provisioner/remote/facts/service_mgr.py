"""Which program starts and stops services."""

import os
from typing import Any, Dict

from ..system import System
from ..system.reading import text

SUBSET = "service_mgr"
FACTS = ()
MINIMAL = True
KNOWN = {"runit-init": "runit", "svscan": "svc", "openrc-init": "openrc"}


def collect(system: System) -> Dict[str, Any]:
    """Look at what systemd leaves behind when it runs, then at process 1."""
    files = system.files
    for mark in ("/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"):
        if files.exists(mark):
            return {"service_mgr": "systemd"}
    first = os.path.basename(text(system, "/proc/1/comm"))
    if first and first not in ("init", "sh", "bash", "COMMAND"):
        return {"service_mgr": KNOWN.get(first, first)}
    if files.exists("/sbin/openrc"):
        return {"service_mgr": "openrc"}
    if files.exists("/etc/init/") and files.exists("/sbin/initctl"):
        return {"service_mgr": "upstart"}
    if files.is_link("/sbin/init") and os.path.basename(files.readlink("/sbin/init")) == "systemd":
        return {"service_mgr": "systemd"}
    return {"service_mgr": "sysvinit" if files.exists("/etc/init.d/") else "service"}
