"""The names this host has towards storage networks: iSCSI, NVMe, Fibre Channel."""

from typing import Any, Dict

from ..system import System
from ..system.reading import lines, names, text

SUBSET = "iscsi"
FACTS = ("iscsi_iqn", "hostnqn", "fibre_channel_wwn")
MINIMAL = False


def collect(system: System) -> Dict[str, Any]:
    """Read their configuration files and /sys/class/fc_host."""
    initiator = ""
    for line in lines(system, "/etc/iscsi/initiatorname.iscsi"):
        if line.strip().startswith("InitiatorName="):
            initiator = line.split("=", 1)[1].strip()
    ports = ("/sys/class/fc_host/%s/port_name" % host for host in names(system, "/sys/class/fc_host"))
    return {
        "iscsi_iqn": initiator,
        "hostnqn": text(system, "/etc/nvme/hostnqn"),
        "fibre_channel_wwn": [text(system, port)[2:] for port in ports],
    }
